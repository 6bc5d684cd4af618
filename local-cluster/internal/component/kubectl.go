// kubectl, as upstream's own main does it.
package component

import (
	"os"

	_ "k8s.io/client-go/plugin/pkg/client/auth"
	"k8s.io/component-base/cli"
	"k8s.io/component-base/logs"
	"k8s.io/kubectl/pkg/cmd"
	"k8s.io/kubectl/pkg/cmd/util"
)

// Kubectl runs kubectl with the arguments after its name. It ends the process
// itself when kubectl fails, with kubectl's exit code.
func Kubectl(args []string) int {
	os.Args = append([]string{"kubectl"}, args...)
	// Before the command is built: its construction logs too. An unparsable
	// level is reported by the command itself.
	_, _ = logs.GlogSetter(cmd.GetLogVerbosity(os.Args))
	if err := cli.RunNoErrOutput(cmd.NewDefaultKubectlCommand()); err != nil {
		util.CheckErr(err)
	}
	return 0
}
