import smtplib
from email.message import EmailMessage


class Mailer:
    def __init__(self, host="localhost"):  # effects: pure
        self.host = host

    def message(self, subject, body):  # effects: pure
        made = EmailMessage()
        made["Subject"] = subject
        made.set_content(body)
        return made

    def send(self, subject, body):  # effects: network
        with smtplib.SMTP(self.host) as server:
            server.send_message(self.message(subject, body))


class Outbox(Mailer):
    def __init__(self):  # effects: pure
        super().__init__()
        self.waiting = []

    def put(self, subject):  # effects: pure; mutates self
        self.waiting.append(subject)

    def flush(self):  # effects: network; mutates self
        while self.waiting:
            self.send(self.waiting.pop(), "")


class Silent(Mailer):
    def send(self, subject, body):  # effects: pure
        return None


def notify(mailer: Mailer, names):  # effects: network
    for name in names:
        mailer.send("hello", name)


def notify_quietly(names):  # effects: pure
    mailer = Silent()
    for name in names:
        mailer.send("hello", name)
