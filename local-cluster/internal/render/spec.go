// Package render turns a node's spec into the command lines and config files
// of its components. It is pure: no file, clock or network is touched here.
package render

import (
	"strconv"

	"rerp.dev/local-cluster/internal/layout"
)

// Spec is what a node was asked to be. It is stored in the state directory
// and compared when `up` is called again.
type Spec struct {
	// ControlPlaneOnly leaves out everything that runs pods.
	ControlPlaneOnly bool `json:"controlPlaneOnly"`
	// Audit makes the apiserver write an audit log.
	Audit bool `json:"audit"`
	// APIPort is the apiserver's port on the host's 127.0.0.1.
	APIPort int `json:"apiPort"`
}

// InnerServer is the apiserver's URL as the components see it.
func (s Spec) InnerServer() string {
	port := layout.InnerAPIPort
	if s.ControlPlaneOnly {
		port = s.APIPort
	}
	return "https://127.0.0.1:" + strconv.Itoa(port)
}

// HostServer is the apiserver's URL as clients on the host see it.
func (s Spec) HostServer() string {
	return "https://127.0.0.1:" + strconv.Itoa(s.APIPort)
}
