package dump

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTextsOfBlocksAreLines(t *testing.T) {
	store := t.TempDir()
	folder := filepath.Join(store, "jetstream", "$G", "streams", "events", "msgs")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"1.blk":     "\x00\x16\xffrerp.account.created.v1\x01\x00{\"id\":\"ä\"}\r\n\x80tail",
		"2.blk":     "",
		"index.db":  "not a block",
		"other.txt": "nor this",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out strings.Builder
	if err := Write(&out, store); err != nil {
		t.Fatal(err)
	}
	if want := "rerp.account.created.v1\n{\"id\":\"ä\"}\ntail\n"; out.String() != want {
		t.Fatalf("%q, not %q", out.String(), want)
	}
}

func TestAFolderThatIsNotThereIsTold(t *testing.T) {
	if err := Write(&strings.Builder{}, filepath.Join(t.TempDir(), "nowhere")); err == nil {
		t.Fatal("nothing was read, and nobody was told")
	}
}
