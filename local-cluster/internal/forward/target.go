// Forward descriptions: HOSTPORT:namespace/service:port.
package forward

import (
	"fmt"
	"strconv"
	"strings"
)

// Forward leads 127.0.0.1:HostPort to a Service's port.
type Forward struct {
	// HostPort 0 asks for any free port.
	HostPort  int    `json:"hostPort"`
	Namespace string `json:"namespace"`
	Service   string `json:"service"`
	Port      int    `json:"port"`
}

// Parse reads HOSTPORT:namespace/service:port.
func Parse(text string) (Forward, error) {
	var f Forward
	parts := strings.Split(text, ":")
	if len(parts) != 3 {
		return f, fmt.Errorf("forward %q is not HOSTPORT:namespace/service:port", text)
	}
	namespace, service, found := strings.Cut(parts[1], "/")
	if !found || !isLabel(namespace) || !isLabel(service) {
		return f, fmt.Errorf("forward %q: %q is not namespace/service", text, parts[1])
	}
	f.Namespace, f.Service = namespace, service
	var err error
	if f.HostPort, err = parsePort(parts[0], 0); err != nil {
		return f, fmt.Errorf("forward %q: %w", text, err)
	}
	if f.Port, err = parsePort(parts[2], 1); err != nil {
		return f, fmt.Errorf("forward %q: %w", text, err)
	}
	return f, nil
}

// String is the inverse of Parse.
func (f Forward) String() string {
	return fmt.Sprintf("%d:%s/%s:%d", f.HostPort, f.Namespace, f.Service, f.Port)
}

func parsePort(text string, least int) (int, error) {
	port, err := strconv.Atoi(text)
	if err != nil || port < least || port > 65535 {
		return 0, fmt.Errorf("%q is not a port from %d to 65535", text, least)
	}
	return port, nil
}

// isLabel checks the form of a DNS label, which names of namespaces and
// Services have.
func isLabel(text string) bool {
	if text == "" || len(text) > 63 || text[0] == '-' || text[len(text)-1] == '-' {
		return false
	}
	return strings.IndexFunc(text, func(r rune) bool {
		return r != '-' && (r < 'a' || r > 'z') && (r < '0' || r > '9')
	}) < 0
}
