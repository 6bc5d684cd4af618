"""The official client of Resend against the stand-in."""

import unittest
import uuid

import resend
from resend.exceptions import MissingRequiredFieldsError, ResendError, ValidationError

from common import BASE, messages

resend.api_key = "re_test"
resend.api_url = BASE + "/resend"


def mail(**more):
    return {"from": "Us <us@example.com>", "to": ["ann@example.com"], "subject": "Hello", "html": "<b>x</b>", **more}


class Emails(unittest.TestCase):
    def test_a_mail_is_sent_and_shown(self):
        to = f"{uuid.uuid4()}@example.com"
        sent = resend.Emails.send(mail(to=[to]))
        shown = resend.Emails.get(sent["id"])
        self.assertEqual((shown["to"], shown["subject"], shown["last_event"]), ([to], "Hello", "delivered"))
        self.assertEqual([message["text"] for message in messages(to)], ["<b>x</b>"])

    def test_a_key_sends_once(self):
        to, options = f"{uuid.uuid4()}@example.com", {"idempotency_key": str(uuid.uuid4())}
        first, again = resend.Emails.send(mail(to=to), options), resend.Emails.send(mail(to=to), options)
        self.assertEqual((first["id"], len(messages(to))), (again["id"], 1))
        with self.assertRaises(ResendError) as caught:
            resend.Emails.send(mail(to=to, subject="Other"), options)
        self.assertEqual((caught.exception.code, caught.exception.error_type), (409, "invalid_idempotent_request"))

    def test_refusals_are_typed(self):
        with self.assertRaises(MissingRequiredFieldsError):
            resend.Emails.send({"from": "us@example.com", "to": ["ann@example.com"], "html": "x"})
        with self.assertRaises(ValidationError):
            resend.Emails.send(mail(to=["nobody"]))
        with self.assertRaises(ValidationError):
            resend.Emails.get("me")
        with self.assertRaises(ResendError) as caught:
            resend.Emails.get(str(uuid.uuid4()))
        self.assertEqual((caught.exception.code, caught.exception.error_type), (404, "not_found"))

    def test_a_key_of_something_else_opens_nothing(self):
        self.addCleanup(setattr, resend, "api_key", resend.api_key)
        resend.api_key = "sk_test"
        with self.assertRaises(ResendError) as caught:
            resend.Emails.send(mail())
        self.assertEqual((caught.exception.code, caught.exception.message), (401, "API key is invalid"))


if __name__ == "__main__":
    unittest.main()
