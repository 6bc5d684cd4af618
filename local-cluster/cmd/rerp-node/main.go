// Command rerp-node is one real Kubernetes node on one machine, and every
// program in it: argv[0] chooses which one a process becomes.
package main

import (
	"log"
	"os"
	"path/filepath"
	_ "time/tzdata" // CronJobs may name time zones.

	"rerp.dev/local-cluster/internal/addons"
	"rerp.dev/local-cluster/internal/cli"
	"rerp.dev/local-cluster/internal/component"
	"rerp.dev/local-cluster/internal/node"
)

func main() {
	name := filepath.Base(os.Args[0])
	// Every process is started as /proc/self/exe and would be listed as
	// "exe". Only a name for people: a failure changes nothing.
	_ = os.WriteFile("/proc/self/comm", []byte(name), 0)
	if run, found := component.Find(name); found {
		os.Exit(run())
	}
	switch name {
	case addons.Name:
		os.Exit(addons.Main())
	case node.KeeperName:
		os.Exit(inner(node.Keep))
	case node.InitName:
		os.Exit(inner(node.Init))
	}
	os.Exit(cli.Run(os.Args[1:], os.Stdout, os.Stderr))
}

// inner runs one of the processes at the top of a node.
func inner(run func(dir string) error) int {
	if len(os.Args) != 2 {
		log.Print("usage: NAME STATE-DIRECTORY")
		return 2
	}
	if err := run(os.Args[1]); err != nil {
		log.Print(err)
		return 1
	}
	return 0
}
