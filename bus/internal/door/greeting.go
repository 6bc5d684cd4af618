// The first words of both sides. In: the server's INFO, the client's CONNECT.
// Out: the same, with what is this process's business put in and everything by
// which a client could claim to be somebody taken out.
package door

import (
	"encoding/json"
	"fmt"
	"strings"
)

// fromClient are the wishes of a client that the server hears of.
var fromClient = []string{"verbose", "pedantic", "echo", "headers", "no_responders", "protocol", "lang", "version", "name"}

// greeting is the server's INFO as a client gets it: TLS comes next.
func greeting(line string) (string, error) {
	info, err := object(line, "INFO")
	if err != nil {
		return "", err
	}
	info["tls_required"], info["tls_verify"] = true, true
	for _, key := range []string{"tls_available", "nonce", "client_ip", "connect_urls"} {
		delete(info, key)
	}
	return operationOf("INFO", info)
}

// introduction is the client's CONNECT as the server gets it: with the identity
// that its certificate has, and with the word that only this process knows.
func introduction(line, identity, word string) (string, error) {
	wishes, err := object(line, "CONNECT")
	if err != nil {
		return "", err
	}
	said := map[string]any{"user": identity, "pass": word}
	for _, key := range fromClient {
		if wish, found := wishes[key]; found {
			said[key] = wish
		}
	}
	return operationOf("CONNECT", said)
}

func object(line, name string) (map[string]any, error) {
	found, text, _ := strings.Cut(strings.TrimSpace(line), " ")
	if !strings.EqualFold(found, name) {
		return nil, fmt.Errorf("%w: expected %s", errProtocol, name)
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	// A number stays what it was.
	decoder.UseNumber()
	var content map[string]any
	if err := decoder.Decode(&content); err != nil {
		return nil, fmt.Errorf("%w: %s without its object", errProtocol, name)
	}
	return content, nil
}

func operationOf(name string, content map[string]any) (string, error) {
	text, err := json.Marshal(content)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s %s\r\n", name, text), nil
}
