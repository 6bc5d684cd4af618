"""The official client of Stripe against the stand-in."""

import http.server
import json
import threading
import time
import unittest
import urllib.error
import uuid

import stripe

from common import BASE, control

SECRET = "whsec_test"


class Receiver(http.server.BaseHTTPRequestHandler):
    """Keeps what is delivered."""

    heard = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.heard.append((body, self.headers["stripe-signature"]))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stripe = stripe.StripeClient("sk_test_1", base_addresses={"api": BASE + "/stripe"}, max_network_retries=0)
        cls.v1 = cls.stripe.v1

    def customer(self, **more):
        return self.v1.customers.create({"email": f"{uuid.uuid4()}@example.com", **more})

    def price(self, amount=1900):
        product = self.v1.products.create({"name": "Plan"})
        form = {"product": product.id, "currency": "eur", "unit_amount": amount, "recurring": {"interval": "month"}}
        return self.v1.prices.create(form)

    def payer(self, card="pm_card_visa"):
        """A customer who pays with a card."""
        customer = self.customer()
        method = self.v1.payment_methods.attach(card, {"customer": customer.id})
        form = {"invoice_settings": {"default_payment_method": method.id}}
        return self.v1.customers.update(customer.id, form)


class Catalogue(Case):
    def test_products_and_prices(self):
        product = self.v1.products.create({"name": "Plan", "metadata": {"a": "1", "b": "2"}})
        self.assertIsInstance(product, stripe.Product)
        changed = self.v1.products.update(product.id, {"name": "Other", "metadata": {"a": "", "c": "3"}})
        self.assertEqual((changed.name, changed.metadata.to_dict()), ("Other", {"b": "2", "c": "3"}))
        key = str(uuid.uuid4())
        recurring = {"interval": "year"}
        form = {"product": product.id, "currency": "eur", "unit_amount": 100, "recurring": recurring, "lookup_key": key}
        price = self.v1.prices.create(form)
        self.assertEqual((price.unit_amount, price.recurring.interval, price.active), (100, "year", True))
        self.assertEqual([found.id for found in self.v1.prices.list({"lookup_keys": [key]}).data], [price.id])
        self.assertEqual([found.id for found in self.v1.prices.list({"product": product.id}).data], [price.id])
        self.assertFalse(self.v1.prices.update(price.id, {"active": False}).active)
        self.assertEqual(self.v1.prices.list({"product": product.id, "active": True}).data, [])
        whole = self.v1.prices.retrieve(price.id, {"expand": ["product"]})
        self.assertEqual(whole.product.name, "Other")


class Customers(Case):
    def test_life_of_a_customer(self):
        customer = self.customer(name="Ann", metadata={"account_id": "a1"})
        self.assertIsInstance(customer, stripe.Customer)
        self.assertTrue(customer.last_response.request_id.startswith("req_"))
        changed = self.v1.customers.update(customer.id, {"name": "Ann B", "metadata": {"x": "y"}})
        self.assertEqual((changed.name, changed.metadata.to_dict()), ("Ann B", {"account_id": "a1", "x": "y"}))
        self.assertEqual([c.id for c in self.v1.customers.list({"email": customer.email}).data], [customer.id])
        self.assertTrue(self.v1.customers.delete(customer.id).deleted)
        self.assertTrue(self.v1.customers.retrieve(customer.id).deleted)
        self.assertEqual(self.v1.customers.list({"email": customer.email}).data, [])

    def test_pages_follow_each_other(self):
        mark = str(uuid.uuid4())
        made = [self.customer(metadata={"mark": mark}).id for _ in range(7)]
        listed = [customer.id for customer in self.v1.customers.list({"limit": 3}).auto_paging_iter()]
        self.assertEqual([found for found in listed if found in made], made[::-1])
        search = self.v1.customers.search({"query": f"metadata['mark']:'{mark}'", "limit": 3})
        self.assertEqual([customer.id for customer in search.auto_paging_iter()], made[::-1])
        page = self.v1.customers.list({"limit": 2, "ending_before": made[3]})
        self.assertEqual([customer.id for customer in page.data], [made[5], made[4]])
        back = [customer.id for customer in page.auto_paging_iter()]
        self.assertEqual([found for found in back if found in made], made[4:])

    def test_search_by_fields(self):
        customer = self.customer(metadata={"kind": "x"})
        query = f"email:'{customer.email}' AND metadata['kind']:'x'"
        self.assertEqual([c.id for c in self.v1.customers.search({"query": query}).data], [customer.id])
        with self.assertRaises(stripe.InvalidRequestError):
            self.v1.customers.search({"query": "colour~'red'"})


class Errors(Case):
    def test_a_key_does_once_what_it_is_for(self):
        options = {"idempotency_key": str(uuid.uuid4())}
        first = self.v1.customers.create({"name": "Ann"}, options)
        again = self.v1.customers.create({"name": "Ann"}, options)
        self.assertEqual(first.id, again.id)
        self.assertEqual(again.last_response.headers["idempotent-replayed"], "true")
        self.assertEqual(again.last_response.idempotency_key, options["idempotency_key"])
        with self.assertRaises(stripe.IdempotencyError) as caught:
            self.v1.customers.create({"name": "Bob"}, options)
        self.assertEqual(caught.exception.http_status, 400)

    def test_refusals_are_typed(self):
        with self.assertRaises(stripe.InvalidRequestError) as caught:
            self.v1.customers.retrieve("cus_nobody")
        self.assertEqual((caught.exception.http_status, caught.exception.code), (404, "resource_missing"))
        with self.assertRaises(stripe.InvalidRequestError) as caught:
            self.v1.customers.create({"colour": "red"})
        self.assertEqual((caught.exception.code, caught.exception.param), ("parameter_unknown", "colour"))
        with self.assertRaises(stripe.InvalidRequestError) as caught:
            self.v1.prices.create({"currency": "eur"})
        self.assertEqual((caught.exception.code, caught.exception.param), ("parameter_missing", "product"))
        for key, refusal in {"nobodys_key": stripe.AuthenticationError, "pk_test_1": stripe.PermissionError}.items():
            stranger = stripe.StripeClient(key, base_addresses={"api": BASE + "/stripe"})
            with self.assertRaises(refusal):
                stranger.v1.customers.list()
        with self.assertRaises(stripe.InvalidRequestError):
            self.v1.balance.retrieve()

    def test_failures_are_tried_again_by_the_client(self):
        patient = stripe.StripeClient("sk_test_1", base_addresses={"api": BASE + "/stripe"}, max_network_retries=2)
        mark = str(uuid.uuid4())
        control("POST", "/sandbox/faults", {"vendor": "stripe", "moment": "after", "status": 503, "times": 1})
        made = patient.v1.customers.create({"metadata": {"mark": mark}})
        found = self.v1.customers.search({"query": f"metadata['mark']:'{mark}'"}).data
        self.assertEqual([customer.id for customer in found], [made.id], "the client's own key made it one")


class Cards(Case):
    def test_a_setup_gives_a_payment_method(self):
        customer = self.customer()
        setup = self.v1.setup_intents.create({"customer": customer.id, "usage": "off_session"})
        self.assertEqual(setup.status, "requires_payment_method")
        self.assertTrue(setup.client_secret.startswith(setup.id + "_secret_"))
        done = self.v1.setup_intents.confirm(setup.id, {"payment_method": "pm_card_visa", "expand": ["payment_method"]})
        self.assertEqual((done.status, done.payment_method.card.last4), ("succeeded", "4242"))
        theirs = self.v1.customers.payment_methods.list(customer.id, {"type": "card"}).data
        self.assertEqual([method.id for method in theirs], [done.payment_method.id])
        self.v1.payment_methods.detach(done.payment_method.id)
        self.assertEqual(self.v1.payment_methods.list({"customer": customer.id}).data, [])
        other = self.v1.setup_intents.create({"customer": customer.id})
        self.assertEqual(self.v1.setup_intents.cancel(other.id).status, "canceled")
        with self.assertRaises(stripe.InvalidRequestError) as caught:
            self.v1.setup_intents.confirm(setup.id, {"payment_method": "pm_card_visa"})
        self.assertEqual(caught.exception.code, "setup_intent_unexpected_state")

    def test_a_method_of_a_token(self):
        customer = self.customer()
        method = self.v1.payment_methods.create({"type": "card", "card": {"token": "tok_mastercard"}})
        self.assertIsNone(method.customer)
        attached = self.v1.payment_methods.attach(method.id, {"customer": customer.id})
        self.assertEqual((attached.customer, attached.card.brand), (customer.id, "mastercard"))

    def test_a_card_that_says_no(self):
        customer = self.customer()
        for card, code, decline in [
            ("pm_card_chargeDeclined", "card_declined", "generic_decline"),
            ("pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
            ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
            ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", "incorrect_cvc"),
        ]:
            setup = self.v1.setup_intents.create({"customer": customer.id})
            with self.assertRaises(stripe.CardError) as caught:
                self.v1.setup_intents.confirm(setup.id, {"payment_method": card})
            error = caught.exception
            self.assertEqual((error.http_status, error.code, error.error.decline_code), (402, code, decline))
            self.assertEqual(error.error.setup_intent.id, setup.id)
            self.assertEqual(self.v1.setup_intents.retrieve(setup.id).last_setup_error.code, code)


class Subscriptions(Case):
    def test_a_trial_that_becomes_a_subscription(self):
        customer, price = self.payer(), self.price()
        form = {"customer": customer.id, "items": [{"price": price.id}], "trial_period_days": 14}
        made = self.v1.subscriptions.create(form)
        self.assertEqual(made.status, "trialing")
        self.assertEqual(made.trial_end - made.trial_start, 14 * 86_400)
        self.assertIsInstance(made.latest_invoice, str)
        clock = self.v1.test_helpers.test_clocks.create({"frozen_time": made.trial_start})
        later = self.v1.test_helpers.test_clocks.advance(clock.id, {"frozen_time": made.trial_end + 1})
        self.assertEqual((later.status, later.frozen_time), ("ready", made.trial_end + 1))
        now = self.v1.subscriptions.retrieve(made.id, {"expand": ["latest_invoice.payments", "customer"]})
        self.assertEqual((now.status, now.latest_invoice.status, now.latest_invoice.amount_paid), ("active", "paid", 1900))
        self.assertEqual((now.customer.id, len(now.latest_invoice.payments.data)), (customer.id, 1))
        self.assertEqual(len(self.v1.invoices.list({"subscription": made.id}).data), 2)
        ends = self.v1.subscriptions.update(made.id, {"cancel_at_period_end": True, "metadata": {"why": "x"}})
        self.assertEqual((ends.cancel_at_period_end, ends.metadata["why"]), (True, "x"))
        self.assertEqual(self.v1.subscriptions.cancel(made.id).status, "canceled")
        listed = {"customer": customer.id}
        self.assertEqual(self.v1.subscriptions.list(listed).data, [])
        self.assertEqual(len(self.v1.subscriptions.list({**listed, "status": "all"}).data), 1)

    def test_a_first_payment_that_the_person_confirms(self):
        customer, price = self.customer(), self.price()
        form = {"customer": customer.id, "items": [{"price": price.id}], "payment_behavior": "default_incomplete"}
        made = self.v1.subscriptions.create({**form, "expand": ["latest_invoice.confirmation_secret", "latest_invoice.payments"]})
        self.assertEqual(made.status, "incomplete")
        intent = made.latest_invoice.payments.data[0].payment.payment_intent
        self.assertTrue(made.latest_invoice.confirmation_secret.client_secret.startswith(intent))
        failing = self.v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer.id})
        with self.assertRaises(stripe.CardError) as caught:
            self.v1.payment_intents.confirm(intent, {"payment_method": failing.id})
        self.assertEqual(caught.exception.error.payment_intent.last_payment_error.code, "card_declined")
        good = self.v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
        self.assertEqual(self.v1.payment_intents.confirm(intent, {"payment_method": good.id}).status, "succeeded")
        self.assertEqual(self.v1.subscriptions.retrieve(made.id).status, "active")

    def test_a_first_payment_at_once(self):
        price = self.price()
        items = [{"price": price.id}]
        self.assertEqual(self.v1.subscriptions.create({"customer": self.payer().id, "items": items}).status, "active")
        broke = self.payer("pm_card_chargeCustomerFail")
        self.assertEqual(self.v1.subscriptions.create({"customer": broke.id, "items": items}).status, "incomplete")
        form = {"customer": broke.id, "items": items, "payment_behavior": "error_if_incomplete"}
        with self.assertRaises(stripe.CardError):
            self.v1.subscriptions.create(form)
        with self.assertRaises(stripe.InvalidRequestError):
            self.v1.subscriptions.create({"customer": self.customer().id, "items": items})


class Events(Case):
    def listen(self, **more):
        """Has events sent to a receiver of this test."""
        Receiver.heard.clear()
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        url = f"http://127.0.0.1:{server.server_address[1]}/webhook"
        control("PUT", "/sandbox/stripe/webhook", {"url": url, "secrets": ["whsec_old", SECRET], **more})
        self.addCleanup(control, "DELETE", "/sandbox/stripe/webhook")

    def created(self):
        """The customers of whom the receiver was told."""
        events = [json.loads(body) for body, _ in Receiver.heard]
        return [event["data"]["object"]["id"] for event in events if event["type"] == "customer.created"]

    def test_events_come_as_they_happen(self):
        self.customer()
        self.listen(prompt=True)
        customer = self.customer()
        until = time.monotonic() + 10
        while not self.created() and time.monotonic() < until:
            time.sleep(0.05)
        self.assertEqual(self.created(), [customer.id])
        control("DELETE", "/sandbox/stripe/webhook")
        with self.assertRaises(urllib.error.HTTPError):
            control("POST", "/sandbox/stripe/deliver", {})

    def test_an_event_is_delivered_and_proved(self):
        self.listen()
        customer = self.customer()
        outcome = control("POST", "/sandbox/stripe/deliver", {})
        self.assertEqual(outcome["refused"], 0)
        events = [stripe.Webhook.construct_event(body, header, SECRET) for body, header in Receiver.heard]
        created = [event for event in events if event.type == "customer.created" and event.data.object.id == customer.id]
        self.assertEqual(len(created), 1)
        self.assertIsInstance(created[0].data.object, stripe.Customer)
        body, header = Receiver.heard[-1]
        with self.assertRaises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(body + b" ", header, SECRET)
        with self.assertRaises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(body, header, "whsec_other")
        self.assertEqual(self.v1.events.retrieve(created[0].id).id, created[0].id)
        listed = self.v1.events.list({"type": "customer.created", "limit": 1}).data
        self.assertEqual([event.type for event in listed], ["customer.created"])

    def test_proof_of_who_somebody_is(self):
        made = self.v1.identity.verification_sessions.create({"type": "document", "metadata": {"a": "b"}})
        self.assertEqual((made.status, made.metadata["a"]), ("requires_input", "b"))
        self.assertEqual(self.v1.identity.verification_sessions.cancel(made.id).status, "canceled")
        with self.assertRaises(stripe.InvalidRequestError):
            self.v1.identity.verification_sessions.cancel(made.id)


if __name__ == "__main__":
    unittest.main()
