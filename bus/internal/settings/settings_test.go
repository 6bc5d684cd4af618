package settings

import (
	"strings"
	"testing"
)

func TestDefaultsNeedNoVariable(t *testing.T) {
	got, err := Read(func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	if got.Sync != 0 {
		t.Fatal("an acknowledged event may be lost")
	}
	if got.Listen != "0.0.0.0:4222" || got.Admin != "0.0.0.0:9090" || got.TLS != "/etc/rerp/tls" || !got.JSON {
		t.Fatalf("%+v", got)
	}
}

func TestEveryMistakeIsNamed(t *testing.T) {
	bad := map[string]string{"RERP_BUS_ADDR": "4222", "RERP_ADMIN_ADDR": "0.0.0.0:0", "RERP_LOG_FORMAT": "xml", "RERP_BUS_SYNC": "1h"}
	_, err := Read(func(name string) string { return bad[name] })
	if err == nil {
		t.Fatal("expected mistakes")
	}
	for name := range bad {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not named in %q", name, err)
		}
	}
}
