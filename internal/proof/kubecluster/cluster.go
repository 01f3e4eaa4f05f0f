// Package kubecluster runs a real Kubernetes control plane for tests, on loopback: etcd from
// Debian, and kube-apiserver and kube-controller-manager of internal/proof/kubeservers, with
// RBAC on. The controllers make ReplicaSets, ControllerRevisions and pods as in any cluster.
//
// There is no node, and so no kubelet: nothing would say that a pod runs. RunPods says so in its
// place, by a patch of pods/status, as the kubelet does. Of an image whose name has the
// word broken it says nothing, so that such a rollout does not come to its end.
package kubecluster

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/pushback/pushback/internal/proof/servertest"
)

// The tokens of the two users that there are from the start.
const (
	Admin  = "the-token-of-the-admin"
	Nobody = "the-token-of-nobody" // who may do nothing
)

// Map is a JSON object.
type Map = map[string]any

// startTime is how long a server may take to be ready on a busy machine.
const startTime = 2 * time.Minute

// Cluster is a running control plane.
type Cluster struct {
	t       testing.TB
	dir     string
	etcd    string // its URL
	port    string // of the API server
	stopAPI func()
	client  dynamic.Interface // of the admin
}

// Start starts a control plane, which ends with the test.
func Start(t testing.TB) *Cluster {
	t.Helper()
	c := &Cluster{t: t, dir: t.TempDir()}
	c.port = c.freePort()
	c.writeKeys()
	c.startEtcd()
	c.StartAPI()
	t.Cleanup(func() { c.stopAPI() })
	c.startControllers()
	c.client = c.Client(Admin)
	return c
}

func (c *Cluster) freePort() string {
	c.t.Helper()
	port, err := servertest.FreePort()
	c.must(err)
	return port
}

func (c *Cluster) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *Cluster) write(name string, text []byte) (path string) {
	c.t.Helper()
	path = filepath.Join(c.dir, name)
	c.must(os.WriteFile(path, text, 0o600))
	return path
}

// writeKeys writes the key of service accounts, and the tokens of the users.
func (c *Cluster) writeKeys() {
	c.t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	c.must(err)
	c.write("sa.key", pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
	c.write("tokens.csv", []byte(Admin+",admin,1,\"system:masters\"\n"+Nobody+",nobody,2\n"))
}

func (c *Cluster) startEtcd() {
	c.t.Helper()
	c.etcd = "http://127.0.0.1:" + c.freePort()
	stop, err := servertest.StartProcess(servertest.Process{
		Name: "etcd", Install: "etcd-server", Signal: syscall.SIGTERM, Within: startTime,
		Args: []string{
			"--data-dir=" + filepath.Join(c.dir, "etcd"), "--listen-client-urls=" + c.etcd, "--advertise-client-urls=" + c.etcd,
			"--listen-peer-urls=http://127.0.0.1:" + c.freePort(), "--log-level=error",
		},
		Ready: func(ctx context.Context) error { return answersOK(ctx, http.DefaultClient, c.etcd+"/health") },
	})
	c.must(err)
	c.t.Cleanup(stop)
}

// servers is the program of internal/proof/kubeservers.
func servers(args ...string) servertest.Process {
	name := os.Getenv("KUBESERVERS")
	if name == "" {
		name = "kubeservers"
	}
	return servertest.Process{Name: name, Install: "nothing, but run make integration-kubernetes, which builds it", Args: args, Within: startTime, Signal: syscall.SIGKILL}
}

// StartAPI starts the API server; again after StopAPI, on the same port.
func (c *Cluster) StartAPI() {
	c.t.Helper()
	key := filepath.Join(c.dir, "sa.key")
	p := servers(
		"kube-apiserver", "--etcd-servers="+c.etcd, "--secure-port="+c.port, "--bind-address=127.0.0.1", "--cert-dir="+c.dir,
		"--service-account-key-file="+key, "--service-account-signing-key-file="+key, "--service-account-issuer=https://kubernetes.default.svc",
		"--token-auth-file="+filepath.Join(c.dir, "tokens.csv"), "--authorization-mode=RBAC", "--service-cluster-ip-range=10.0.0.0/24",
		"--disable-admission-plugins=ServiceAccount",
	)
	p.Ready = c.ready
	stop, err := servertest.StartProcess(p)
	c.must(err)
	c.stopAPI = stop
}

// StopAPI kills the API server. It remembers nothing of what it has told to whom, so after
// StartAPI a watch that goes on from an old version is answered 410 Gone.
func (c *Cluster) StopAPI() { c.stopAPI() }

// ready is nil when the API server says that it is ready.
func (c *Cluster) ready(ctx context.Context) error {
	config, err := clientcmd.BuildConfigFromFlags("", c.Kubeconfig(Admin, c.Address()))
	if err != nil {
		return err // it has not made its certificate yet
	}
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return err
	}
	return answersOK(ctx, client, c.Address()+"/readyz")
}

func answersOK(ctx context.Context, client *http.Client, url string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := client.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", url, response.Status)
	}
	return nil
}

func (c *Cluster) startControllers() {
	c.t.Helper()
	p := servers(
		"kube-controller-manager", "--kubeconfig="+c.Kubeconfig(Admin, c.Address()), "--leader-elect=false", "--secure-port=0",
		"--controllers=deployment-controller,replicaset-controller,statefulset-controller,daemonset-controller",
	)
	p.Ready = func(context.Context) error { return nil } // it works when it has read the cluster
	stop, err := servertest.StartProcess(p)
	c.must(err)
	c.t.Cleanup(stop)
}

// Address is the URL of the API server.
func (c *Cluster) Address() string { return "https://127.0.0.1:" + c.port }

// Kubeconfig writes a kubeconfig for a token and returns its path. url is the server's
// Address, or that of a proxy before it.
func (c *Cluster) Kubeconfig(token, url string) string {
	c.t.Helper()
	text, err := json.Marshal(Map{
		"apiVersion": "v1", "kind": "Config", "current-context": "test",
		"clusters": []Map{{"name": "test", "cluster": Map{"server": url, "certificate-authority": filepath.Join(c.dir, "apiserver.crt")}}},
		"users":    []Map{{"name": "test", "user": Map{"token": token}}},
		"contexts": []Map{{"name": "test", "context": Map{"cluster": "test", "user": "test"}}},
	})
	c.must(err)
	return c.write("kubeconfig-"+rand.Text()[:8], text)
}

// Client calls the API server as the user of a token.
func (c *Cluster) Client(token string) dynamic.Interface {
	c.t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", c.Kubeconfig(token, c.Address()))
	c.must(err)
	config.QPS = -1
	client, err := dynamic.NewForConfig(config)
	c.must(err)
	return client
}
