package door

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

func own(subject string) bool { return strings.HasPrefix(subject, "_INBOX.me.") }

// passed is what the server hears of what a client says.
func passed(said string) (string, error) {
	var heard bytes.Buffer
	err := pass(bufio.NewReaderSize(strings.NewReader(said), longest), &heard, own, 100)
	return heard.String(), err
}

func TestWhatAClientSaysIsHandedOn(t *testing.T) {
	for said, heard := range map[string]string{
		"PING\r\n":                              "PING\r\n",
		"sub _INBOX.me.> 1\r\nPONG\r\n":         "SUB _INBOX.me.> 1\r\nPONG\r\n",
		"SUB a  queue\t1\r\nUNSUB 1 5\r\n":      "SUB a queue 1\r\nUNSUB 1 5\r\n",
		"PUB a 3\r\nabc\r\nPING\r\n":            "PUB a 3\r\nabc\r\nPING\r\n",
		"PUB a 0\r\n\r\n":                       "PUB a 0\r\n\r\n",
		"PUB a _INBOX.me.x 6\r\nPUB b \r\n":     "PUB a _INBOX.me.x 6\r\nPUB b \r\n",
		"HPUB a 4 7\r\nheadabc\r\n":             "HPUB a 4 7\r\nheadabc\r\n",
		"hpub a _INBOX.me.x 04 07\nheadabc\r\n": "HPUB a _INBOX.me.x 4 7\r\nheadabc\r\n",
	} {
		got, err := passed(said)
		if got != heard || !errors.Is(err, io.EOF) {
			t.Errorf("%q became %q (%v), not %q", said, got, err, heard)
		}
	}
}

func TestWhatNoClientOfOursSaysEndsTheConnection(t *testing.T) {
	for _, said := range []string{
		"PUB a $JS.API.STREAM.DELETE.events 0\r\n\r\n",
		"PUB a _INBOX.other.x 0\r\n\r\n",
		"HPUB a rerp.b.v1 4 4\r\nhead\r\n",
		"CONNECT {\"user\":\"somebody\"}\r\n",
		"INFO {}\r\n",
		"RMSG a b c 0\r\n\r\n",
		"\r\n",
		"PUB a\r\n",
		"PUB a b c 0\r\n\r\n",
		"PUB a -1\r\n\r\n",
		"PUB a +1\r\nx\r\n",
		"PUB a 0x1\r\nx\r\n",
		"PUB a 101\r\n" + strings.Repeat("x", 101) + "\r\n",
		"PUB a 3\r\nabcPUB",
		"PUB a\rb 0\r\n\r\n",
		"PUB a\x00b 0\r\n\r\n",
		"PUB ä 0\r\n\r\n",
		"SUB " + strings.Repeat("x", longest) + " 1\r\n",
	} {
		if heard, err := passed(said); !errors.Is(err, errProtocol) {
			t.Errorf("%.40q passed as %.40q: %v", said, heard, err)
		}
	}
}

// Whatever a client says, the server hears no answer wanted elsewhere, and reads
// the same operations as were read here.
func FuzzPass(f *testing.F) {
	for _, said := range []string{
		"PUB a _INBOX.me.x 3\r\nabc\r\nPING\r\n", "HPUB a $JS.API.X 4 4\r\nhead\r\n", "PUB a\r b 1\r\nx\r\n", "SUB a 1\n\nPUB",
	} {
		f.Add(said)
	}
	f.Fuzz(func(t *testing.T, said string) {
		heard, _ := passed(said)
		again, err := passed(heard)
		if errors.Is(err, errProtocol) || !strings.HasPrefix(heard, again) {
			t.Fatalf("%q became %q, and that %q: %v", said, heard, again, err)
		}
		for rest := heard; rest != ""; {
			line, after, found := strings.Cut(rest, "\r\n")
			if !found {
				return
			}
			words := strings.Fields(line)
			if words[0] != "PUB" && words[0] != "HPUB" {
				rest = after
				continue
			}
			// One size for PUB, two for HPUB; what else there is behind the subject is where the answer goes.
			sizes := len(words[0]) - len("UB")
			if len(words) == 3+sizes && !own(words[2]) {
				t.Fatalf("%q: an answer wanted at %s", said, words[2])
			}
			var size int
			for _, digit := range words[len(words)-1] {
				size = 10*size + int(digit-'0')
			}
			if len(after) < size+2 {
				return
			}
			rest = after[size+2:]
		}
	})
}
