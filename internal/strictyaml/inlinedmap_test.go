package strictyaml

import (
	"fmt"
	"testing"
)

// A struct that is one inlined map takes any key: http_headers of Prometheus is one.
func TestInlinedMap(t *testing.T) {
	type header struct {
		Files []string `yaml:"files"`
	}
	var got struct {
		Headers *struct {
			All map[string]header `yaml:",inline"`
		} `yaml:"http_headers"`
	}
	places, problems := Decode([]byte("http_headers:\n  X-Key: {files: [a]}\n  X-Team: {fils: [b]}\n"), &got)
	if len(problems) != 1 || problems[0].Line != 3 || problems[0].Code != UnknownKey {
		t.Errorf("problems: %v", problems)
	}
	if fmt.Sprint(got.Headers.All["X-Key"].Files) != "[a]" || !places.Has("http_headers.X-Key.files[0]") {
		t.Errorf("got %+v", got.Headers)
	}
}
