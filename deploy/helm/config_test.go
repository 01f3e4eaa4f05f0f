package helm

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
)

const strongSecret = "9f8b1c0d2e3a4f5b6c7d8e9fa0b1c2d3"

// The built program takes the pushback.yml and the rules that the chart writes. The files are
// laid out as kubelet does. `make check-chart` builds the program.
func TestProgramTakesTheConfiguration(t *testing.T) {
	program, err := filepath.Abs("../../bin/pushback")
	if err != nil {
		t.Fatal(err)
	}
	forEachValues(t, func(t *testing.T, values map[string]any, all manifests) {
		if values["existingConfigMap"] != nil {
			t.Skip("the configuration is not the chart's")
		}
		pod := t.TempDir()
		mountVolumes(t, pod, all)
		file := filepath.Join(pod, "etc/pushback/pushback.yml")
		for _, command := range []string{"config", "rules"} {
			if output, err := exec.Command(program, command, "check", "-c", file).CombinedOutput(); err != nil {
				t.Errorf("%s check: %v\n%s", command, err, output)
			}
		}
	})
}

// mountVolumes writes the files that the container sees below a folder.
func mountVolumes(t *testing.T, pod string, all manifests) {
	t.Helper()
	spec := one[*apps.StatefulSet](t, all).Spec.Template.Spec
	sources := map[string]core.VolumeSource{}
	for _, v := range spec.Volumes {
		sources[v.Name] = v.VolumeSource
	}
	for _, m := range spec.Containers[0].VolumeMounts {
		switch s, path := sources[m.Name], filepath.Join(pod, m.MountPath); {
		case m.SubPath != "":
			writeFile(t, path, strings.ReplaceAll(configMap(t, all, s.ConfigMap.Name)[m.SubPath], "/data", filepath.Join(pod, "data")))
		case s.ConfigMap != nil:
			mountFiles(t, path, configMap(t, all, s.ConfigMap.Name))
		case s.Secret != nil:
			mountFiles(t, path, map[string]string{"token": strongSecret, "secret": strongSecret, "url": "postgres://pushback@127.0.0.1/pushback"})
		default:
			if err := os.MkdirAll(path, 0o750); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func configMap(t *testing.T, all manifests, name string) map[string]string {
	t.Helper()
	for _, object := range all {
		if c, ok := object.(*core.ConfigMap); ok && c.Name == name {
			return c.Data
		}
	}
	t.Fatalf("no ConfigMap is called %s", name)
	return nil
}

// mountFiles writes a volume as kubelet does: the files are links through ..data, so that all
// change at once.
func mountFiles(t *testing.T, folder string, files map[string]string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(folder, "..2026_11_29_10_00_00.1"), 0o750); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		writeFile(t, filepath.Join(folder, "..2026_11_29_10_00_00.1", name), text)
		if err := os.Symlink(filepath.Join("..data", name), filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("..2026_11_29_10_00_00.1", filepath.Join(folder, "..data")); err != nil {
		t.Fatal(err)
	}
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o640); err != nil {
		t.Fatal(err)
	}
}
