package kube

import (
	"errors"
	"fmt"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/pushback/pushback/internal/boundedfile"
	"github.com/pushback/pushback/internal/outbound"
)

// UserAgent is the name under which Kubernetes sees us, and records our changes of fields.
const UserAgent = "pushback"

// maxKubeconfig is the size of the largest kubeconfig, in bytes.
const maxKubeconfig = 1 << 20

// Config says which cluster to use. It is inline in the Config of an adapter.
type Config struct {
	Kubeconfig string `yaml:"kubeconfig_file"` // "": the service account of the pod that Pushback runs in
	Context    string `yaml:"context"`         // a context of the kubeconfig; "": its current context
}

// Rest reads the configuration for client-go. It sends no request.
func (c Config) Rest() (*rest.Config, error) {
	config, err := c.read()
	if err != nil {
		return nil, err
	}
	config.UserAgent = UserAgent
	config.QPS = -1 // no rate limit on our side: a rollback is urgent
	config.Dial = outbound.Dial
	config.WarningHandler = rest.NoWarnings{} // client-go would write them to standard error
	return config, nil
}

func (c Config) read() (*rest.Config, error) {
	if c.Kubeconfig == "" {
		config, err := rest.InClusterConfig()
		if errors.Is(err, rest.ErrNotInCluster) {
			return nil, errors.New("kubeconfig_file is missing, and Pushback does not run in a pod")
		}
		return config, err
	}
	// The library reads the file whatever it is, and a pipe for ever.
	if err := boundedfile.Check(c.Kubeconfig, maxKubeconfig); err != nil {
		return nil, fmt.Errorf("reading kubeconfig_file: %w", err)
	}
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(
		&clientcmd.ClientConfigLoadingRules{ExplicitPath: c.Kubeconfig},
		&clientcmd.ConfigOverrides{CurrentContext: c.Context},
	).ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("reading kubeconfig_file: %w", err)
	}
	return config, nil
}
