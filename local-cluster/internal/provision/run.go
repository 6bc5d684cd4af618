// The loop: watch, decide by the rules, act.
package provision

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	core "k8s.io/api/core/v1"
	storage "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	storagelisters "k8s.io/client-go/listers/storage/v1"
	"k8s.io/client-go/tools/cache"
)

// retryEvery covers what failed and what no watch event told.
const retryEvery = 10 * time.Second

// Provisioner makes and deletes volumes below Root.
type Provisioner struct {
	Client kubernetes.Interface
	Root   string
	Node   string

	claims  corelisters.PersistentVolumeClaimLister
	volumes corelisters.PersistentVolumeLister
	classes storagelisters.StorageClassLister
}

// Run works until the context ends.
func (p *Provisioner) Run(ctx context.Context) error {
	wake := make(chan struct{}, 1)
	notify := func() {
		select {
		case wake <- struct{}{}:
		default: // A pass is due already.
		}
	}
	factory := informers.NewSharedInformerFactory(p.Client, 0)
	claims, volumes := factory.Core().V1().PersistentVolumeClaims(), factory.Core().V1().PersistentVolumes()
	classes := factory.Storage().V1().StorageClasses()
	p.claims, p.volumes, p.classes = claims.Lister(), volumes.Lister(), classes.Lister()
	handler := cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { notify() },
		UpdateFunc: func(any, any) { notify() },
	}
	for _, informer := range []cache.SharedIndexInformer{claims.Informer(), volumes.Informer(), classes.Informer()} {
		if _, err := informer.AddEventHandler(handler); err != nil {
			return fmt.Errorf("watch: %w", err)
		}
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	ticker := time.NewTicker(retryEvery)
	defer ticker.Stop()
	for {
		if err := p.pass(ctx); err != nil {
			log.Printf("volumes: %v", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-wake:
		case <-ticker.C:
		}
	}
}

// pass looks at everything once. One failure does not keep the others back.
func (p *Provisioner) pass(ctx context.Context) error {
	claims, err := p.claims.List(labels.Everything())
	if err != nil {
		return err
	}
	volumes, err := p.volumes.List(labels.Everything())
	if err != nil {
		return err
	}
	var failures []error
	for _, claim := range claims {
		class := p.classOf(claim)
		if Wanted(claim, class) {
			failures = append(failures, p.provide(ctx, claim, class))
		}
	}
	for _, volume := range volumes {
		if Discardable(volume) {
			failures = append(failures, p.discard(ctx, volume))
		}
	}
	return errors.Join(failures...)
}

func (p *Provisioner) classOf(claim *core.PersistentVolumeClaim) *storage.StorageClass {
	if claim.Spec.StorageClassName == nil {
		return nil
	}
	class, err := p.classes.Get(*claim.Spec.StorageClassName)
	if err != nil {
		return nil // Not there yet: its arrival wakes us.
	}
	return class
}

// provide makes the folder, then the volume; both steps may be repeated.
// Everybody may write to the folder: hostPath volumes know no fsGroup, and
// only pods that mount it can reach it.
func (p *Provisioner) provide(ctx context.Context, claim *core.PersistentVolumeClaim, class *storage.StorageClass) error {
	path, err := PathFor(p.Root, NameFor(claim))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(path, 0o777); err != nil {
		return err
	}
	if err := os.Chmod(path, 0o777); err != nil {
		return err
	}
	_, err = p.Client.CoreV1().PersistentVolumes().Create(ctx, Build(claim, class, path, p.Node), meta.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("create volume for %s/%s: %w", claim.Namespace, claim.Name, err)
	}
	return nil
}

// discard deletes the folder first: a volume that is gone says nothing of
// what is left on the disk.
func (p *Provisioner) discard(ctx context.Context, volume *core.PersistentVolume) error {
	path, err := PathFor(p.Root, volume.Name)
	if err != nil {
		return err
	}
	if err := os.RemoveAll(path); err != nil {
		return err
	}
	err = p.Client.CoreV1().PersistentVolumes().Delete(ctx, volume.Name, meta.DeleteOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("delete volume %s: %w", volume.Name, err)
	}
	return nil
}
