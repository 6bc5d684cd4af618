// Package image builds the one image the node brings itself. In: the pause
// program. Out: an archive that `ctr images import` reads.
package image

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
)

// Write writes an image that holds exactly one static program, as root of a
// docker-save archive. The output depends on nothing but the arguments.
func Write(out io.Writer, name, entrypoint string, program []byte) error {
	var layer bytes.Buffer
	if err := writeTar(&layer, []member{{name: entrypoint, mode: 0o755, content: program}}); err != nil {
		return err
	}
	digest := sha256.Sum256(layer.Bytes())
	config, err := json.Marshal(map[string]any{
		"architecture": runtime.GOARCH,
		"os":           "linux",
		"config":       map[string]any{"Entrypoint": []string{"/" + entrypoint}, "User": "65535:65535"},
		"rootfs":       map[string]any{"type": "layers", "diff_ids": []string{"sha256:" + hex.EncodeToString(digest[:])}},
	})
	if err != nil {
		return fmt.Errorf("encode image config: %w", err)
	}
	manifest, err := json.Marshal([]map[string]any{{
		"Config": "config.json", "RepoTags": []string{name}, "Layers": []string{"layer.tar"},
	}})
	if err != nil {
		return fmt.Errorf("encode image manifest: %w", err)
	}
	return writeTar(out, []member{
		{name: "layer.tar", mode: 0o644, content: layer.Bytes()},
		{name: "config.json", mode: 0o644, content: config},
		{name: "manifest.json", mode: 0o644, content: manifest},
	})
}

type member struct {
	name    string
	mode    int64
	content []byte
}

func writeTar(out io.Writer, members []member) error {
	archive := tar.NewWriter(out)
	for _, m := range members {
		header := &tar.Header{Name: m.name, Mode: m.mode, Size: int64(len(m.content)), Typeflag: tar.TypeReg}
		if err := archive.WriteHeader(header); err != nil {
			return fmt.Errorf("write %s: %w", m.name, err)
		}
		if _, err := archive.Write(m.content); err != nil {
			return fmt.Errorf("write %s: %w", m.name, err)
		}
	}
	return archive.Close()
}
