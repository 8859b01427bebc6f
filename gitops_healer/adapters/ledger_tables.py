"""The tables and views of the SQLite export, named as people who come from tool databases know them.

Times are `YYYY-MM-DD HH:MM:SS.ffffff` in UTC, so that they compare with SQLite's `datetime('now', '-7 days')`; truth
is 1 or 0; a tool is the symbol that a finding names (in `deployments` and in stability its file, where it names none).
Counts of calls need not be whole (rates of Prometheus). Evidence is a natural logarithm; `needed` is what convicts.
"""

SCHEMA = """
CREATE TABLE events (position INTEGER PRIMARY KEY, id TEXT UNIQUE, ts TEXT, upgrade TEXT, run TEXT, actor TEXT,
    event TEXT, data TEXT);
CREATE TABLE tool_executions (execution_id TEXT, tool_name TEXT, executed_at TEXT, success INTEGER,
    duration_ms REAL, args TEXT, kwargs TEXT, result TEXT, error_type TEXT, error_message TEXT, commit_sha TEXT);
CREATE TABLE improvement_attempts (upgrade_id TEXT PRIMARY KEY, codename TEXT, tool_name TEXT, rule TEXT, path TEXT,
    attempt INTEGER, status TEXT, reason TEXT, improvement_type TEXT, risk TEXT, priority INTEGER, queued_at TEXT,
    changed_at TEXT, merged_at TEXT, rolled_back_at TEXT, branch TEXT, pull INTEGER, commit_sha TEXT);
CREATE TABLE investigation_reports (report_id TEXT PRIMARY KEY, upgrade_id TEXT, tool_name TEXT, investigated_at TEXT,
    root_cause TEXT, path TEXT, line INTEGER, confidence REAL, evidence TEXT, options INTEGER, question TEXT,
    should_improve INTEGER);
CREATE TABLE check_results (upgrade_id TEXT, tool_name TEXT, test_type TEXT, phase INTEGER, commit_sha TEXT,
    outcome TEXT, passed INTEGER, reason TEXT, details TEXT, duration_seconds REAL, tested_at TEXT);
CREATE TABLE tool_creation_events (event_id TEXT PRIMARY KEY, upgrade_id TEXT, tool_name TEXT, status TEXT,
    commit_sha TEXT, created_at TEXT);
CREATE TABLE tool_lifecycle_events (event_id TEXT PRIMARY KEY, upgrade_id TEXT, tool_name TEXT, event_type TEXT,
    stage TEXT, actor TEXT, reason TEXT, occurred_at TEXT);
CREATE TABLE deployment_monitoring (session_id TEXT PRIMARY KEY, tool_name TEXT, commit_sha TEXT, started_at TEXT,
    ends_at TEXT, baseline_from TEXT, status TEXT, regression_detected INTEGER, judgement TEXT, last_checked_at TEXT);
CREATE TABLE deployment_health_checks (check_id TEXT PRIMARY KEY, session_id TEXT, tool_name TEXT, checked_at TEXT,
    judgement TEXT, regression_detected INTEGER, reason TEXT, baseline_total INTEGER, baseline_failed INTEGER,
    current_total INTEGER, current_failed INTEGER, baseline_success_rate REAL, current_success_rate REAL);
CREATE TABLE deployment_rollbacks (rollback_id TEXT PRIMARY KEY, upgrade_id TEXT, tool_name TEXT, rollback_time TEXT,
    reason TEXT, triggered_by TEXT, rolled_back_commit TEXT, revert_commit TEXT, pull INTEGER);
CREATE TABLE deployment_readings (check_id TEXT, session_id TEXT, metric TEXT, subject TEXT, measure TEXT, detail TEXT,
    touched INTEGER, apart INTEGER, baseline_total REAL, baseline_failed REAL, current_total REAL, current_failed REAL,
    distinct_failing INTEGER, clustering REAL, note TEXT, checked_at TEXT);
CREATE TABLE deployment_blocks (session_id TEXT, metric TEXT, subject TEXT, measure TEXT, detail TEXT, block INTEGER,
    starts_at TEXT, total REAL, failed REAL);
CREATE TABLE deployment_evidence (check_id TEXT, session_id TEXT, metric TEXT, subject TEXT, measure TEXT, detail TEXT,
    alarm REAL, conviction REAL, needed REAL, checked_at TEXT);
CREATE TABLE culprit_searches (search_id TEXT PRIMARY KEY, upgrade_id TEXT, searched_at TEXT, blame TEXT, reason TEXT,
    subjects TEXT, base TEXT, head TEXT, culprit_commit TEXT, probability REAL, restored INTEGER, confirmed INTEGER,
    runs INTEGER, reproduce TEXT);
CREATE TABLE culprit_candidates (search_id TEXT, upgrade_id TEXT, commit_sha TEXT, title TEXT, author TEXT,
    candidate_upgrade TEXT, weight REAL, reasons TEXT);
CREATE TABLE regression_reports (report_id TEXT PRIMARY KEY, upgrade_id TEXT, reported_at TEXT, issue INTEGER, url TEXT,
    culprit_commit TEXT);
CREATE TABLE revert_proposals (proposal_id TEXT PRIMARY KEY, upgrade_id TEXT, proposed_at TEXT, pull INTEGER, url TEXT,
    branch TEXT, commit_sha TEXT, draft INTEGER);
CREATE TABLE stability_figures (grouped_by TEXT, name TEXT, deployments INTEGER, rollbacks INTEGER, rollback_rate REAL,
    false_rollbacks INTEGER, stable INTEGER, unproven INTEGER, open INTEGER, median_hours_to_detect REAL,
    median_hours_to_revert REAL, last_deployment TEXT, PRIMARY KEY (grouped_by, name));
CREATE TABLE deployments (upgrade_id TEXT PRIMARY KEY, tool_name TEXT, rule TEXT, attempt INTEGER, merged_at TEXT,
    suspected_at TEXT, regressed_at TEXT, triggered_by TEXT, rolled_back_at TEXT, ended TEXT, proven_by TEXT,
    false_rollback INTEGER, hours_to_detect REAL, hours_to_revert REAL);

CREATE VIEW tool_analytics AS SELECT tool_name, count(*) AS total_executions, sum(success) AS successful_executions,
    count(*) - sum(success) AS failed_executions, 1.0 * sum(success) / count(*) AS success_rate,
    avg(duration_ms) AS avg_duration_ms, min(executed_at) AS first_execution, max(executed_at) AS last_execution
    FROM tool_executions GROUP BY tool_name;
CREATE VIEW shadow_test_results AS SELECT * FROM check_results WHERE test_type = 'shadow';
CREATE VIEW replay_test_results AS SELECT * FROM check_results WHERE test_type = 'replay';
CREATE VIEW testing_summary AS SELECT tool_name, test_type, outcome, passed, reason, tested_at, phase, upgrade_id,
    commit_sha FROM check_results;
CREATE VIEW tool_lifecycle_summary AS SELECT tool_name, count(*) AS upgrades,
    sum(status NOT IN ('closed')) AS open_upgrades, sum(merged_at IS NOT NULL) AS merged_upgrades,
    sum(rolled_back_at IS NOT NULL) AS rolled_back_upgrades, max(changed_at) AS last_changed_at
    FROM improvement_attempts GROUP BY tool_name;
CREATE VIEW deployment_stability AS SELECT name AS tool_name, deployments AS total_deployments, rollbacks,
    rollback_rate, last_deployment, false_rollbacks, stable, unproven, open, median_hours_to_detect,
    median_hours_to_revert FROM stability_figures WHERE grouped_by = 'tool';
CREATE VIEW kind_stability AS SELECT name AS rule, deployments AS total_deployments, rollbacks, rollback_rate,
    last_deployment, false_rollbacks, stable, unproven, open, median_hours_to_detect, median_hours_to_revert
    FROM stability_figures WHERE grouped_by = 'kind';
CREATE VIEW active_monitoring AS SELECT * FROM deployment_monitoring WHERE status IN ('watched', 'regressed');
"""

ROLLED_BACK_AT = """
UPDATE improvement_attempts SET rolled_back_at = (SELECT max(rollback_time) FROM deployment_rollbacks
    WHERE deployment_rollbacks.upgrade_id = improvement_attempts.upgrade_id)
"""
