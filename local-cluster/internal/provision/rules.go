// Package provision makes volumes for claims of the local node: folders on
// the machine. In: claims, volumes and classes from the apiserver. Out:
// PersistentVolumes and folders. This file is pure: what is to be done, and
// which paths may be touched.
package provision

import (
	"fmt"
	"path/filepath"
	"regexp"

	core "k8s.io/api/core/v1"
	storage "k8s.io/api/storage/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	// Name is the provisioner that storage classes name.
	Name = "rerp.dev/host-path"
	// Annotations of the Kubernetes volume controllers.
	selectedNode  = "volume.kubernetes.io/selected-node"
	provisionedBy = "pv.kubernetes.io/provisioned-by"
)

// volumeName is the form of the names this provisioner gives. Only such a
// name ever becomes part of a path.
var volumeName = regexp.MustCompile(`^pvc-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// NameFor returns the name of a claim's volume.
func NameFor(claim *core.PersistentVolumeClaim) string { return "pvc-" + string(claim.UID) }

// PathFor returns the folder of a volume. It refuses every name that this
// provisioner would not have given, so no name can lead out of root.
func PathFor(root, name string) (string, error) {
	if !volumeName.MatchString(name) {
		return "", fmt.Errorf("%q is not the name of a volume of ours", name)
	}
	return filepath.Join(root, name), nil
}

// Wanted tells whether a claim waits for us to make a volume.
func Wanted(claim *core.PersistentVolumeClaim, class *storage.StorageClass) bool {
	if class == nil || class.Provisioner != Name || claim.DeletionTimestamp != nil || claim.Spec.VolumeName != "" {
		return false
	}
	if claim.Spec.VolumeMode != nil && *claim.Spec.VolumeMode != core.PersistentVolumeFilesystem {
		return false
	}
	waits := class.VolumeBindingMode != nil && *class.VolumeBindingMode == storage.VolumeBindingWaitForFirstConsumer
	return !waits || claim.Annotations[selectedNode] != ""
}

// Discardable tells whether a volume and its folder are to be deleted.
func Discardable(volume *core.PersistentVolume) bool {
	return volume.Annotations[provisionedBy] == Name &&
		volume.Status.Phase == core.VolumeReleased &&
		volume.Spec.PersistentVolumeReclaimPolicy == core.PersistentVolumeReclaimDelete &&
		volume.DeletionTimestamp == nil
}

// Build returns the volume for a claim.
func Build(claim *core.PersistentVolumeClaim, class *storage.StorageClass, path, node string) *core.PersistentVolume {
	policy := core.PersistentVolumeReclaimDelete
	if class.ReclaimPolicy != nil {
		policy = *class.ReclaimPolicy
	}
	kind := core.HostPathDirectory
	mode := core.PersistentVolumeFilesystem
	return &core.PersistentVolume{
		ObjectMeta: meta.ObjectMeta{Name: NameFor(claim), Annotations: map[string]string{provisionedBy: Name}},
		Spec: core.PersistentVolumeSpec{
			PersistentVolumeReclaimPolicy: policy,
			StorageClassName:              class.Name,
			AccessModes:                   claim.Spec.AccessModes,
			VolumeMode:                    &mode,
			MountOptions:                  class.MountOptions,
			Capacity:                      core.ResourceList{core.ResourceStorage: claim.Spec.Resources.Requests[core.ResourceStorage]},
			ClaimRef: &core.ObjectReference{
				APIVersion: "v1", Kind: "PersistentVolumeClaim",
				Namespace: claim.Namespace, Name: claim.Name, UID: claim.UID,
			},
			PersistentVolumeSource: core.PersistentVolumeSource{
				HostPath: &core.HostPathVolumeSource{Path: path, Type: &kind},
			},
			NodeAffinity: onNode(node),
		},
	}
}

func onNode(node string) *core.VolumeNodeAffinity {
	return &core.VolumeNodeAffinity{Required: &core.NodeSelector{NodeSelectorTerms: []core.NodeSelectorTerm{{
		MatchExpressions: []core.NodeSelectorRequirement{{
			Key: core.LabelHostname, Operator: core.NodeSelectorOpIn, Values: []string{node},
		}},
	}}}}
}
