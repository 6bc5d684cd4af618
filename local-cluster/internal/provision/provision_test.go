package provision

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	core "k8s.io/api/core/v1"
	storage "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
)

const uid = "975675aa-e6ba-412f-ab34-9809e53c6c72"

func claim(change func(*core.PersistentVolumeClaim)) *core.PersistentVolumeClaim {
	class := "standard"
	c := &core.PersistentVolumeClaim{
		ObjectMeta: meta.ObjectMeta{Namespace: "ns", Name: "data", UID: uid, Annotations: map[string]string{selectedNode: "n"}},
		Spec: core.PersistentVolumeClaimSpec{
			StorageClassName: &class,
			AccessModes:      []core.PersistentVolumeAccessMode{core.ReadWriteOnce},
			Resources: core.VolumeResourceRequirements{
				Requests: core.ResourceList{core.ResourceStorage: resource.MustParse("1Gi")},
			},
		},
	}
	change(c)
	return c
}

func class(policy core.PersistentVolumeReclaimPolicy) *storage.StorageClass {
	waits := storage.VolumeBindingWaitForFirstConsumer
	return &storage.StorageClass{
		ObjectMeta: meta.ObjectMeta{Name: "standard"}, Provisioner: Name,
		ReclaimPolicy: &policy, VolumeBindingMode: &waits,
	}
}

func TestPathForKeepsInsideItsRoot(t *testing.T) {
	if path, err := PathFor("/v", "pvc-"+uid); err != nil || path != "/v/pvc-"+uid {
		t.Fatalf("%q, %v", path, err)
	}
	for _, name := range []string{"", ".", "..", "pvc-../../etc", "pvc-" + uid + "/..", "/etc", "data", "pvc-"} {
		if path, err := PathFor("/v", name); err == nil {
			t.Errorf("%q became %q", name, path)
		}
	}
}

func TestWanted(t *testing.T) {
	mine := class(core.PersistentVolumeReclaimDelete)
	foreign := class(core.PersistentVolumeReclaimDelete)
	foreign.Provisioner = "somebody.else/x"
	immediate := class(core.PersistentVolumeReclaimDelete)
	immediate.VolumeBindingMode = nil
	block := core.PersistentVolumeBlock
	unscheduled := func(c *core.PersistentVolumeClaim) { c.Annotations = nil }
	cases := map[string]struct {
		change func(*core.PersistentVolumeClaim)
		class  *storage.StorageClass
		want   bool
	}{
		"scheduled":                  {func(*core.PersistentVolumeClaim) {}, mine, true},
		"no pod yet":                 {unscheduled, mine, false},
		"no pod yet, binds at once":  {unscheduled, immediate, true},
		"bound":                      {func(c *core.PersistentVolumeClaim) { c.Spec.VolumeName = "v" }, mine, false},
		"being deleted":              {func(c *core.PersistentVolumeClaim) { c.DeletionTimestamp = &meta.Time{Time: time.Unix(1, 0)} }, mine, false},
		"somebody else's":            {func(*core.PersistentVolumeClaim) {}, foreign, false},
		"class not there":            {func(*core.PersistentVolumeClaim) {}, nil, false},
		"block device, not possible": {func(c *core.PersistentVolumeClaim) { c.Spec.VolumeMode = &block }, mine, false},
	}
	for name, c := range cases {
		if got := Wanted(claim(c.change), c.class); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestOnlyReleasedVolumesOfOursAreDiscarded(t *testing.T) {
	none := func(*core.PersistentVolumeClaim) {}
	for _, policy := range []core.PersistentVolumeReclaimPolicy{core.PersistentVolumeReclaimDelete, core.PersistentVolumeReclaimRetain} {
		for _, phase := range []core.PersistentVolumePhase{core.VolumeBound, core.VolumeAvailable, core.VolumeReleased} {
			volume := Build(claim(none), class(policy), "/v/x", "n")
			volume.Status.Phase = phase
			want := policy == core.PersistentVolumeReclaimDelete && phase == core.VolumeReleased
			if got := Discardable(volume); got != want {
				t.Errorf("%s %s: %t", policy, phase, got)
			}
			volume.Annotations = nil
			if Discardable(volume) {
				t.Errorf("%s %s: a volume of somebody else", policy, phase)
			}
		}
	}
}

func TestProvideAndDiscardMayBeRepeated(t *testing.T) {
	p := &Provisioner{Client: fake.NewClientset(), Root: t.TempDir(), Node: "n"}
	c := claim(func(*core.PersistentVolumeClaim) {})
	path := filepath.Join(p.Root, NameFor(c))
	for range 2 {
		if err := p.provide(t.Context(), c, class(core.PersistentVolumeReclaimDelete)); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o777 {
		t.Fatalf("%v, %v", info, err)
	}
	volume, err := p.Client.CoreV1().PersistentVolumes().Get(t.Context(), NameFor(c), meta.GetOptions{})
	if err != nil || volume.Spec.HostPath.Path != path || volume.Spec.ClaimRef.UID != uid {
		t.Fatalf("%+v, %v", volume, err)
	}
	for range 2 {
		if err := p.discard(t.Context(), volume); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Fatalf("the folder is left: %v", err)
	}
}
