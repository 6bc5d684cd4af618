// What a client says, on its way to the server. In: the bytes of a client after
// its CONNECT. Out: the same operations, written anew, so that the server can
// read nothing in them that was not read here. It must not look into an event.
//
// Whoever publishes names a subject for the answer, and the server puts its
// answer there without asking who may. The answer to one service could so become
// an event of another; and a request for the next event that is answered with
// nothing, to `$JS.API.STREAM.DELETE.<stream>`, deletes the stream. So an answer
// goes only where the client itself may listen.
package door

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// longest is the longest line of an operation, as the server has it.
const longest = 4096

// errProtocol is a client that does what no client of the platform does.
var errProtocol = errors.New("not what a client of the bus says")

// pass copies operations until one of the ends closes, or the client says what
// it may not. Events of more than most bytes are not taken.
func pass(from *bufio.Reader, to io.Writer, mayListen func(subject string) bool, most int) error {
	out := bufio.NewWriter(to)
	for {
		if from.Buffered() == 0 {
			if err := out.Flush(); err != nil {
				return err
			}
		}
		line, err := readLine(from)
		if err != nil {
			return err
		}
		if err := operation(strings.Fields(line), from, out, mayListen, most); err != nil {
			return err
		}
	}
}

func operation(words []string, from *bufio.Reader, out *bufio.Writer, mayListen func(string) bool, most int) error {
	if len(words) == 0 {
		return fmt.Errorf("%w: an empty line", errProtocol)
	}
	name, arguments := strings.ToUpper(words[0]), words[1:]
	switch name {
	case "PING", "PONG", "SUB", "UNSUB":
		_, err := fmt.Fprintf(out, "%s\r\n", strings.Join(append([]string{name}, arguments...), " "))
		return err
	case "PUB":
		return publish(name, arguments, 1, from, out, mayListen, most)
	case "HPUB":
		return publish(name, arguments, 2, from, out, mayListen, most)
	default:
		return fmt.Errorf("%w: an unknown operation", errProtocol)
	}
}

// publish hands on `NAME subject [reply] sizes`, of which there are so many, and the payload.
func publish(
	name string, arguments []string, sizes int, from *bufio.Reader, out *bufio.Writer, mayListen func(string) bool, most int,
) error {
	subjects := len(arguments) - sizes
	if subjects != 1 && subjects != 2 {
		return fmt.Errorf("%w: %s with %d words", errProtocol, name, len(arguments))
	}
	if subjects == 2 && !mayListen(arguments[1]) {
		return fmt.Errorf("%w: an answer wanted at %q, where it may not listen", errProtocol, arguments[1])
	}
	words := append([]string{name}, arguments[:subjects]...)
	total := 0
	for _, text := range arguments[subjects:] {
		size, err := strconv.ParseUint(text, 10, 31)
		if err != nil || size > uint64(most) {
			return fmt.Errorf("%w: a size of %q", errProtocol, text)
		}
		total = int(size)
		words = append(words, strconv.Itoa(total))
	}
	if _, err := fmt.Fprintf(out, "%s\r\n", strings.Join(words, " ")); err != nil {
		return err
	}
	if _, err := io.CopyN(out, from, int64(total)); err != nil {
		return err
	}
	var end [2]byte
	if _, err := io.ReadFull(from, end[:]); err != nil {
		return err
	}
	if string(end[:]) != "\r\n" {
		return fmt.Errorf("%w: a payload longer than it says", errProtocol)
	}
	_, err := out.Write(end[:])
	return err
}

// readLine returns a line without its end.
func readLine(from *bufio.Reader) (string, error) {
	line, err := from.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return "", fmt.Errorf("%w: a line without an end", errProtocol)
	case err != nil:
		return "", err
	}
	for _, one := range bytes.TrimRight(line, "\r\n") {
		// Nothing that two readers could take for different ends of a word.
		if one < ' ' && one != '\t' || one > '~' {
			return "", fmt.Errorf("%w: a byte %#x in a line", errProtocol, one)
		}
	}
	return strings.TrimRight(string(line), "\r\n"), nil
}
