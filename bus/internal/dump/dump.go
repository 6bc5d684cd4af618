// Package dump prints what the stream holds. In: the folder of the store, which
// may be that of a running server. Out: every text in it, a line each. It reads
// files and nothing else: whoever may start it there may read them as well.
package dump

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode"
)

// blocks is how files end in which the server keeps messages: as they came,
// subject, headers and event, for the stream is neither compressed nor encrypted.
const blocks = ".blk"

// Write prints the texts of all blocks below the folder. A block that goes
// meanwhile was about to end.
func Write(out io.Writer, store string) error {
	lines := bufio.NewWriter(out)
	err := filepath.WalkDir(store, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() && strings.HasSuffix(path, blocks) {
			err = one(lines, path)
		}
		if errors.Is(err, fs.ErrNotExist) && path != store {
			return nil
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("read what is stored: %w", err)
	}
	if err := lines.Flush(); err != nil {
		return fmt.Errorf("print what is stored: %w", err)
	}
	return nil
}

func one(lines *bufio.Writer, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	return texts(lines, bufio.NewReader(file))
}

// texts ends a line wherever something can't be shown.
func texts(lines *bufio.Writer, bytes *bufio.Reader) error {
	begun := false
	for {
		letter, _, err := bytes.ReadRune()
		isOver := errors.Is(err, io.EOF)
		if err != nil && !isOver {
			return err
		}
		if !isOver && letter != unicode.ReplacementChar && unicode.IsPrint(letter) {
			begun = true
			if _, err := lines.WriteRune(letter); err != nil {
				return err
			}
			continue
		}
		if begun {
			begun = false
			if err := lines.WriteByte('\n'); err != nil {
				return err
			}
		}
		if isOver {
			return nil
		}
	}
}
