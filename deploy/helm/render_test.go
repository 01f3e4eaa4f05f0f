package helm

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/engine"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/kubernetes/scheme"
)

const (
	chartFolder = "pushback"
	namespace   = "monitoring"
)

// readValues reads a file of values as `helm --values` does.
func readValues(t *testing.T, file string) map[string]any {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	values, err := loader.LoadValues(f)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return values
}

// render renders the chart as `helm template` does, by the names of the templates.
func render(t *testing.T, values map[string]any) (map[string]string, error) {
	t.Helper()
	chart, err := loader.LoadDir(chartFolder)
	if err != nil {
		t.Fatal(err)
	}
	release := common.ReleaseOptions{Name: "pushback", Namespace: namespace, Revision: 1, IsInstall: true}
	all, err := util.ToRenderValues(chart, values, release, common.DefaultCapabilities.Copy())
	if err != nil {
		return nil, err
	}
	return engine.Engine{Strict: true}.Render(chart, all)
}

// manifests are the objects that a cluster would be given.
type manifests []runtime.Object

var documents = regexp.MustCompile(`(?m)^---\s*$`)

// decode reads what was rendered by the types of the API: an unknown or repeated field, and a
// value of a wrong type, is an error.
func decode(rendered map[string]string) (manifests, error) {
	types := runtime.NewScheme()
	if err := scheme.AddToScheme(types); err != nil {
		return nil, err
	}
	if err := monitoring.AddToScheme(types); err != nil {
		return nil, err
	}
	decoder := serializer.NewCodecFactory(types, serializer.EnableStrict).UniversalDeserializer()
	var all manifests
	for _, name := range slices.Sorted(maps.Keys(rendered)) {
		if filepath.Ext(name) != ".yaml" {
			continue
		}
		for _, text := range documents.Split(rendered[name], -1) {
			if strings.TrimSpace(text) == "" {
				continue
			}
			object, _, err := decoder.Decode([]byte(text), nil, nil)
			if err != nil {
				return nil, fmt.Errorf("%s: %w\n%s", name, err, text)
			}
			all = append(all, object)
		}
	}
	return all, nil
}

// one is the only object of a type.
func one[T runtime.Object](t *testing.T, all manifests) (found T) {
	t.Helper()
	n := 0
	for _, object := range all {
		if o, ok := object.(T); ok {
			found, n = o, n+1
		}
	}
	if n != 1 {
		t.Fatalf("%d objects of type %T, want one", n, found)
	}
	return found
}

// forEachValues runs a test for what each file of testdata/values renders to.
func forEachValues(t *testing.T, test func(*testing.T, map[string]any, manifests)) {
	t.Helper()
	files, err := filepath.Glob("testdata/values/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files of values: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			values := readValues(t, file)
			rendered, err := render(t, values)
			if err != nil {
				t.Fatal(err)
			}
			all, err := decode(rendered)
			if err != nil {
				t.Fatal(err)
			}
			test(t, values, all)
		})
	}
}

// What docs/install.md shows is what the chart takes.
func TestValuesOfThePage(t *testing.T) {
	page, err := os.ReadFile("../../docs/install.md")
	if err != nil {
		t.Fatal(err)
	}
	_, from, found := strings.Cut(string(page), "```yaml values.yaml\n")
	text, _, closed := strings.Cut(from, "\n```")
	values, err := loader.LoadValues(strings.NewReader(text))
	if !found || !closed || err != nil {
		t.Fatalf("the page has no values: %v", err)
	}
	rendered, err := render(t, values)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := decode(rendered); err != nil {
		t.Fatal(err)
	}
}
