package docblocks

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const page = `# A page

<!-- not run: it takes
a day -->
Run ` + "`pushback gate cart`" + ` first.

<!-- exit: 3 -->
<!-- file: out.txt -->

~~~sh
pushback gate cart   # ` + "`not a span`" + `
~~~

~~~
plain
~~~
`

func TestParse(t *testing.T) {
	text := strings.ReplaceAll(page, "~~~", "```")
	got, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	want := []Block{
		{Line: 10, Language: "sh", Text: "pushback gate cart   # `not a span`\n", Markers: map[string]string{Exit: "3", File: "out.txt"}},
		{Line: 14, Text: "plain\n", Markers: map[string]string{}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("blocks (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"pushback gate cart"}, Spans(text)); diff != "" {
		t.Errorf("spans (-want +got):\n%s", diff)
	}
}

func TestParseRefuses(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	f("<!-- runs not: x -->\n", `line 1: no marker is called "runs not"`)
	f("<!-- not run: x -->\n\nA sentence.\n", "line 3: a marker before it belongs to no block")
	f("a\n```sh\ntrue\n", "line 2: the block does not end")
}
