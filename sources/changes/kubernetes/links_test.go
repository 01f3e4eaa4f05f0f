package kubernetes

import (
	"os/exec"
	"strings"
	"testing"
)

// The typed clientset would make the program larger by a third, for types that nobody uses.
func TestTypedClientIsNotLinked(t *testing.T) {
	all, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range strings.Fields(string(all)) {
		if strings.HasPrefix(name, "k8s.io/api/") || strings.HasPrefix(name, "k8s.io/client-go/kubernetes") {
			t.Errorf("it links %s", name)
		}
	}
}
