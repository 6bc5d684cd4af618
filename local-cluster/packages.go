// Package localcluster carries what other tools read from this module.
package localcluster

import _ "embed"

// Packages lists the Debian packages a node needs, one a line.
//
//go:embed packages.txt
var Packages string
