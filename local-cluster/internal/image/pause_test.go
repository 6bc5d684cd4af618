package image

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"testing"
)

func TestArchiveHoldsTheProgramUnderItsDigest(t *testing.T) {
	var out bytes.Buffer
	if err := Write(&out, "a/b:1", "pause", []byte("program")); err != nil {
		t.Fatal(err)
	}
	files := untar(t, out.Bytes())
	var config struct {
		RootFS struct {
			DiffIDs []string `json:"diff_ids"`
		} `json:"rootfs"`
	}
	if err := json.Unmarshal(files["config.json"], &config); err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256(files["layer.tar"])
	if len(config.RootFS.DiffIDs) != 1 || config.RootFS.DiffIDs[0] != "sha256:"+hex.EncodeToString(digest[:]) {
		t.Errorf("%+v", config)
	}
	if got := untar(t, files["layer.tar"])["pause"]; string(got) != "program" {
		t.Errorf("layer holds %q", got)
	}
	if !bytes.Contains(files["manifest.json"], []byte(`"a/b:1"`)) {
		t.Errorf("manifest: %s", files["manifest.json"])
	}
}

func untar(t *testing.T, raw []byte) map[string][]byte {
	t.Helper()
	files, reader := map[string][]byte{}, tar.NewReader(bytes.NewReader(raw))
	for {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if files[header.Name], err = io.ReadAll(reader); err != nil {
			t.Fatal(err)
		}
	}
}
