"""The official client of Twilio against the stand-in. The client has no setting for another address, so its transport has one."""

import unittest

from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from common import BASE, messages

ACCOUNT = "AC00000000000000000000000000000001"
FROM = "+15005550006"


class Elsewhere(TwilioHttpClient):
    """Sends what the client sends to the stand-in."""

    def request(self, method, url, *args, **more):
        return super().request(method, url.replace("https://api.twilio.com", BASE + "/twilio", 1), *args, **more)


def client(account=ACCOUNT, token="token"):
    return Client(account, token, http_client=Elsewhere())


class Messages(unittest.TestCase):
    def test_a_text_is_sent_and_fetched(self):
        words = "Grüße, 123456 ist der Code"
        sent = client().messages.create(to="+491701234567", from_=FROM, body=words)
        self.assertEqual((sent.status, sent.body, sent.direction, sent.num_segments), ("queued", words, "outbound-api", "1"))
        self.assertEqual((sent.error_code, sent.account_sid), (None, ACCOUNT))
        self.assertIsNotNone(sent.date_created.tzinfo)
        fetched = client().messages(sent.sid).fetch()
        self.assertEqual((fetched.sid, fetched.status, fetched.to), (sent.sid, "delivered", "+491701234567"))
        self.assertIsNotNone(fetched.date_sent)
        self.assertEqual(messages("+491701234567")[-1]["text"], words)

    def test_refusals_have_their_numbers(self):
        for to, sender, code in [
            ("+15005550001", FROM, 21211),
            ("+15005550004", FROM, 21610),
            ("+15005550009", FROM, 21614),
            ("0170", FROM, 21211),
            ("+491701234567", "+15005550007", 21606),
            ("+491701234567", "+15005550008", 21611),
        ]:
            with self.assertRaises(TwilioRestException) as caught:
                client().messages.create(to=to, from_=sender, body="x")
            self.assertEqual((caught.exception.status, caught.exception.code), (400, code), to)
            self.assertIn("Unable to create record", caught.exception.msg)
        with self.assertRaises(TwilioRestException) as caught:
            client().messages.create(to="+491701234567", from_=FROM)
        self.assertEqual(caught.exception.code, 21602)

    def test_strangers_find_nothing(self):
        sent = client().messages.create(to="+491701234567", from_=FROM, body="x")
        other = client("AC00000000000000000000000000000002")
        for stranger, sid, status, code in [(other, sent.sid, 404, 20404), (client("AC1"), sent.sid, 401, 20003)]:
            with self.assertRaises(TwilioRestException) as caught:
                stranger.messages(sid).fetch()
            self.assertEqual((caught.exception.status, caught.exception.code), (status, code))


if __name__ == "__main__":
    unittest.main()
