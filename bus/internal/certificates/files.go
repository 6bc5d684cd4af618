// The mounted files. In: a folder. Out: what is in it, of one version.
package certificates

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// files are the contents of the folder at one moment.
type files struct {
	certificate, key, roots string
}

// read reads the folder. A kubelet publishes a version by swapping the link
// `..data`: what is read behind one resolution of it belongs together. Should
// that version vanish in between, the read is repeated.
func read(dir string) (files, error) {
	last, err := once(dir)
	for range 2 {
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
		last, err = once(dir)
	}
	return last, err
}

func once(dir string) (files, error) {
	version, err := filepath.EvalSymlinks(filepath.Join(dir, "..data"))
	if err != nil {
		version = dir
	}
	var found files
	for name, into := range map[string]*string{
		"tls.crt": &found.certificate, "tls.key": &found.key, "ca.crt": &found.roots,
	} {
		content, err := os.ReadFile(filepath.Join(version, name))
		if err != nil {
			return files{}, err
		}
		*into = string(content)
	}
	return found, nil
}
