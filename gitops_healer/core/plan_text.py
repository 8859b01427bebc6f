"""A plan in words: for the terminal, and as items of Markdown."""

from gitops_healer.core.fitting import prose
from gitops_healer.core.plan import Plan, Task
from gitops_healer.core.quoting import quoted


def plan_text(plan: Plan) -> str:
    """Plain text, one line a task, risk and criterion."""
    tasks = [
        f"{task.number}. {task.title}  (then: {task.checkpoint})"
        + (f"  after {', '.join(map(str, task.needs))}" if task.needs else "")
        for task in plan.tasks
    ]
    version = [f"version {plan.version}"] if plan.version > 1 else []
    return "\n".join(
        [
            plan.title,
            ", ".join([*version, f"risk {plan.risk.value}", f"priority {plan.priority}", f"{plan.lines} lines"])
            + f" in {', '.join(plan.paths)}",
            *tasks,
            *[f"asked for: {note}" for note in plan.notes],
            *[f"risk: {risk}" for risk in plan.risks],
            *[f"success: {criterion}" for criterion in plan.criteria],
            f"rollback point: {plan.rollback_point}",
        ]
    )


def plan_items(plan: Plan) -> tuple[str, ...]:
    """Markdown, an item a line: what will be done and when it counts as done; the fence; what could go wrong."""
    return (
        *(_task(task) for task in plan.tasks),
        f"- **It may touch** {_listed(plan.paths)}{f' ({_listed(plan.symbols)})' if plan.symbols else ''} and nothing "
        f"else: {plan.lines:,} {'line' if plan.lines == 1 else 'lines'}, risk {plan.risk.value}, priority "
        f"{plan.priority}",
        *(f"- **Asked for:** {prose(note, 500)}" for note in plan.notes),
        *(f"- **Success:** {prose(criterion)}" for criterion in plan.criteria),
        *(f"- **What could go wrong:** {prose(risk)}" for risk in plan.risks),
        f"- **The way back:** {quoted(plan.rollback_point[:10])}",
    )


def _task(task: Task) -> str:
    after = f", after step {', '.join(map(str, task.needs))}" if task.needs else ""
    return f"{task.number}. {prose(task.title, 500)}{after}; then {prose(task.checkpoint)}"


def _listed(names: tuple[str, ...]) -> str:
    shown = ", ".join(quoted(name, 200) for name in names[:10])
    return f"{shown} and {len(names) - 10} more" if len(names) > 10 else shown or "no file"
