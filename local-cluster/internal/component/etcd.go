// etcd with one member, reachable only over a socket in the state directory.
package component

import (
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"syscall"

	"go.etcd.io/etcd/server/v3/embed"
)

// etcd runs until it is told to end. Arguments: data folder, socket.
func etcd() int {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: etcd DATA-FOLDER SOCKET")
		return 2
	}
	server, err := embed.StartEtcd(etcdConfig(os.Args[1], os.Args[2]))
	if err != nil {
		fmt.Fprintln(os.Stderr, "start etcd:", err)
		return 1
	}
	defer server.Close()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	select {
	case <-signals:
		return 0
	case err := <-server.Err():
		fmt.Fprintln(os.Stderr, "etcd ended:", err)
		return 1
	}
}

func etcdConfig(data, socket string) *embed.Config {
	config := embed.NewConfig()
	config.Name = "rerp"
	config.Dir = data
	config.LogLevel = "warn"
	config.LogOutputs = []string{"stderr"}
	// The data never outlives the node, so it need not outlive the machine.
	config.UnsafeNoFsync = true
	// Only the command line of etcd sets this default; 0 warns of everything.
	config.WarningUnaryRequestDuration = embed.DefaultWarningUnaryRequestDuration
	// The gateway would dial its own socket by a TCP name.
	config.EnableGRPCGateway = false
	client := url.URL{Scheme: "unix", Path: socket}
	// Nobody connects here. etcd takes only a relative name of the form host:port:
	// it lands in the working directory, which is the node's run folder.
	peer := url.URL{Scheme: "unix", Host: "etcd-peer:0"}
	config.ListenClientUrls = []url.URL{client}
	// Only told to other members, of which there are none; it must look like
	// host:port too.
	config.AdvertiseClientUrls = []url.URL{{Scheme: "unix", Host: "etcd-client:0"}}
	config.ListenPeerUrls, config.AdvertisePeerUrls = []url.URL{peer}, []url.URL{peer}
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	return config
}
