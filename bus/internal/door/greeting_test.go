package door

import (
	"errors"
	"testing"
)

func TestAClientHearsThatTLSComesNext(t *testing.T) {
	said, err := greeting(`INFO {"server_id":"x","max_payload":262144,"nonce":"n","tls_available":true,"client_ip":"pipe"} `)
	want := `INFO {"max_payload":262144,"server_id":"x","tls_required":true,"tls_verify":true}` + "\r\n"
	if err != nil || said != want {
		t.Fatalf("%q, %v", said, err)
	}
}

func TestAClientIsWhoItsCertificateSays(t *testing.T) {
	claims := `CONNECT {"user":"spiffe://x/other","pass":"p","nkey":"n","sig":"s","jwt":"j","auth_token":"a","account":"b",
	"name":"me","echo":false,"protocol":1,"tls_required":true}`
	said, err := introduction(claims, "spiffe://x/me", "word")
	want := `CONNECT {"echo":false,"name":"me","pass":"word","protocol":1,"user":"spiffe://x/me"}` + "\r\n"
	if err != nil || said != want {
		t.Fatalf("%q, %v", said, err)
	}
	for _, bad := range []string{"", "PING", "CONNECT", "CONNECT 1", "PUB {}"} {
		if _, err := introduction(bad, "a", "b"); !errors.Is(err, errProtocol) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
