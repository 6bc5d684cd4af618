"""The official client of Supabase against the stand-in, in the flow that it uses unless told otherwise (PKCE)."""

import re
import unittest
import urllib.error
import urllib.parse
import urllib.request
import uuid

from supabase import create_client
from supabase.lib.client_options import SyncClientOptions
from supabase_auth.errors import AuthApiError, AuthRetryableError, AuthWeakPasswordError

from common import BASE, control, messages
from totp import shown

URL = BASE + "/supabase"
PASSWORD = "correct horse"


def page():
    """A client as a page has it."""
    return create_client(URL, "sb_publishable_test", SyncClientOptions(auto_refresh_token=False))


def backend():
    """A client as a backend has it."""
    options = SyncClientOptions(auto_refresh_token=False, persist_session=False)
    return create_client(URL, "sb_secret_test", options).auth.admin


def address():
    return f"{uuid.uuid4()}@example.com"


def code(to):
    """The last code that was sent."""
    return re.findall(r"\b\d{6}\b", messages(to)[-1]["text"])[-1]


class Quiet(urllib.request.HTTPRedirectHandler):
    """Follows nothing."""

    def redirect_request(self, *_):
        return None


def follow(to):
    """Where the link in the last mail leads."""
    link = re.search(r"http\S+", messages(to)[-1]["text"]).group()
    try:
        urllib.request.build_opener(Quiet).open(link, timeout=10)
    except urllib.error.HTTPError as answer:
        with answer:
            return urllib.parse.urlparse(answer.headers["location"])
    raise AssertionError("the link leads nowhere")


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        settings = {"issuer": URL + "/auth/v1", "site_url": "http://portal.example", "max_frequency": 0}
        limits = {"email_sent": 1000, "sms_sent": 1000}
        control("PATCH", "/sandbox/supabase/settings", {**settings, "rate_limits": limits})

    def refused(self, status, name, call):
        with self.assertRaises(AuthApiError) as caught:
            call()
        self.assertEqual((caught.exception.status, caught.exception.code), (status, name))

    def person(self):
        """Somebody with a proved address."""
        email = address()
        backend().create_user({"email": email, "password": PASSWORD, "email_confirm": True})
        return email

    def signed_in(self, email=None):
        client = page()
        client.auth.sign_in_with_password({"email": email or self.person(), "password": PASSWORD})
        return client


class SigningUp(Case):
    def test_with_a_code(self):
        client, email = page(), address()
        made = client.auth.sign_up({"email": email, "password": PASSWORD, "options": {"data": {"name": "Ann"}}})
        self.assertIsNone(made.session)
        self.assertEqual((made.user.email, made.user.user_metadata["name"]), (email, "Ann"))
        self.assertIsNotNone(made.user.confirmation_sent_at)
        sign_in = {"email": email, "password": PASSWORD}
        self.refused(400, "email_not_confirmed", lambda: client.auth.sign_in_with_password(sign_in))
        wrong = {"email": email, "token": "999999x", "type": "email"}
        self.refused(403, "otp_expired", lambda: client.auth.verify_otp(wrong))
        proved = client.auth.verify_otp({"email": email, "token": code(email), "type": "email"})
        self.assertEqual(proved.session.user.id, made.user.id)
        self.assertEqual(client.auth.get_user().user.email, email)

    def test_with_a_link(self):
        client, email = page(), address()
        wish = {"email": email, "password": PASSWORD, "options": {"email_redirect_to": "http://portal.example/in"}}
        client.auth.sign_up(wish)
        to = follow(email)
        self.assertEqual((to.netloc, to.path), ("portal.example", "/in"))
        auth_code = urllib.parse.parse_qs(to.query)["code"][0]
        session = client.auth.exchange_code_for_session({"auth_code": auth_code}).session
        self.assertEqual(session.user.email, email)
        again = {"auth_code": auth_code, "code_verifier": "x" * 64}
        self.refused(404, "flow_state_not_found", lambda: page().auth.exchange_code_for_session(again))

    def test_with_a_telephone(self):
        client, number = page(), "+49170" + str(uuid.uuid4().int)[:7]
        self.assertTrue(client.auth.sign_in_with_otp({"phone": number}).message_id is None)
        session = client.auth.verify_otp({"phone": number, "token": code(number), "type": "sms"}).session
        self.assertEqual(session.user.phone, number[1:])
        again = client.auth.sign_in_with_otp({"phone": number})
        self.assertTrue(again.message_id.startswith("SM"))

    def test_a_weak_password_says_what_it_lacks(self):
        with self.assertRaises(AuthWeakPasswordError) as caught:
            page().auth.sign_up({"email": address(), "password": "short"})
        self.assertEqual(caught.exception.reasons, ["length"])


class SigningIn(Case):
    def test_sessions_go_on_and_end(self):
        email = self.person()
        client = self.signed_in(email)
        first = client.auth.get_session()
        second = client.auth.refresh_session().session
        self.assertNotEqual(first.refresh_token, second.refresh_token)
        claims = client.auth.get_claims()["claims"]
        self.assertEqual((claims["sub"], claims["aud"], claims["aal"]), (second.user.id, "authenticated", "aal1"))
        self.assertEqual(claims["iss"], URL + "/auth/v1")
        client.auth.sign_out()
        self.assertIsNone(client.auth.get_session())
        self.refused(403, "session_not_found", lambda: page().auth.get_user(second.access_token))
        self.refused(400, "refresh_token_not_found", lambda: page().auth.refresh_session(second.refresh_token))

    def test_a_stolen_refresh_token_ends_the_session(self):
        control("PATCH", "/sandbox/supabase/settings", {"refresh_token_reuse_interval": 0})
        self.addCleanup(control, "PATCH", "/sandbox/supabase/settings", {"refresh_token_reuse_interval": None})
        client = self.signed_in()
        first = client.auth.get_session().refresh_token
        client.auth.refresh_session()
        last = client.auth.refresh_session().session.refresh_token
        self.refused(400, "refresh_token_already_used", lambda: page().auth.refresh_session(first))
        self.refused(400, "refresh_token_not_found", lambda: page().auth.refresh_session(last))

    def test_others_are_signed_out(self):
        email = self.person()
        one, other = self.signed_in(email), self.signed_in(email)
        one.auth.sign_out({"scope": "others"})
        self.assertEqual(one.auth.get_user().user.email, email)
        self.refused(403, "session_not_found", other.auth.get_user)

    def test_wrong_words_are_refused(self):
        wrong = {"email": self.person(), "password": "wrong"}
        self.refused(400, "invalid_credentials", lambda: page().auth.sign_in_with_password(wrong))
        self.refused(400, "validation_failed", lambda: page().auth.sign_in_with_otp({"email": "nobody"}))

    def test_a_failure_may_be_tried_again(self):
        email = self.person()
        control("POST", "/sandbox/faults", {"vendor": "supabase", "moment": "before", "status": 503, "times": 1})
        with self.assertRaises(AuthRetryableError):
            self.signed_in(email)
        self.assertIsNotNone(self.signed_in(email).auth.get_session())

    def test_a_password_is_forgotten(self):
        email, client = self.person(), page()
        client.auth.reset_password_for_email(email)
        client.auth.verify_otp({"email": email, "token": code(email), "type": "recovery"})
        self.refused(422, "same_password", lambda: client.auth.update_user({"password": PASSWORD}))
        client.auth.update_user({"password": "another horse"})
        page().auth.sign_in_with_password({"email": email, "password": "another horse"})

    def test_an_address_changes(self):
        email, other = self.person(), address()
        client = self.signed_in(email)
        self.assertEqual(client.auth.update_user({"email": other}).user.new_email, other)
        half = client.auth.verify_otp({"email": email, "token": code(email), "type": "email_change"})
        self.assertIsNone(half.session)
        whole = client.auth.verify_otp({"email": other, "token": code(other), "type": "email_change"})
        self.assertEqual(whole.user.email, other)


class SecondFactor(Case):
    def test_a_second_factor_makes_it_surer(self):
        client = self.signed_in()
        made = client.auth.mfa.enroll({"factor_type": "totp", "friendly_name": "phone"})
        self.assertTrue(made.totp.qr_code.startswith("data:image/svg+xml;utf-8,<svg "))
        level = client.auth.mfa.get_authenticator_assurance_level()
        self.assertEqual((level.current_level, level.next_level), ("aal1", "aal1"))
        wrong = {"factor_id": made.id, "code": "999999x"}
        self.refused(422, "mfa_verification_failed", lambda: client.auth.mfa.challenge_and_verify(wrong))
        challenge = client.auth.mfa.challenge({"factor_id": made.id})
        answer = {"factor_id": made.id, "challenge_id": challenge.id, "code": shown(made.totp.secret)}
        client.auth.mfa.verify(answer)
        level = client.auth.mfa.get_authenticator_assurance_level()
        self.assertEqual((level.current_level, level.next_level), ("aal2", "aal2"))
        self.assertEqual([entry.method for entry in level.current_authentication_methods], ["totp", "password"])
        self.assertEqual([factor.id for factor in client.auth.mfa.list_factors().totp], [made.id])
        self.assertEqual(client.auth.mfa.unenroll({"factor_id": made.id}).id, made.id)
        self.assertEqual(client.auth.mfa.list_factors().all, [])


class Backend(Case):
    def test_a_person_has_one_name_everywhere(self):
        admin, ours, email = backend(), str(uuid.uuid4()), address()
        wish = {"id": ours, "email": email, "password": PASSWORD, "email_confirm": True, "app_metadata": {"a": "b"}}
        self.assertEqual(admin.create_user(wish).user.id, ours)
        self.refused(422, "email_exists", lambda: admin.create_user({"email": email, "password": PASSWORD}))
        self.assertEqual(self.signed_in(email).auth.get_user().user.id, ours)
        self.assertEqual(admin.get_user_by_id(ours).user.app_metadata["a"], "b")
        changed = admin.update_user_by_id(ours, {"user_metadata": {"c": "d"}, "ban_duration": "1h"}).user
        self.assertEqual(changed.user_metadata["c"], "d")
        self.assertIsNotNone(changed.banned_until)
        self.refused(400, "user_banned", lambda: self.signed_in(email))
        self.assertIn(ours, [user.id for user in admin.list_users(page=1, per_page=1000)])
        admin.delete_user(ours)
        self.refused(404, "user_not_found", lambda: admin.get_user_by_id(ours))

    def test_factors_of_others(self):
        admin, client = backend(), self.signed_in()
        user = client.auth.get_user().user.id
        made = client.auth.mfa.enroll({"factor_type": "totp", "friendly_name": "phone"})
        self.assertEqual([factor.id for factor in admin.mfa.list_factors({"user_id": user})], [made.id])
        self.assertEqual(admin.mfa.delete_factor({"user_id": user, "id": made.id}).id, made.id)

    def test_pages_are_no_backend(self):
        self.refused(403, "not_admin", lambda: page().auth.admin.list_users())


if __name__ == "__main__":
    unittest.main()
