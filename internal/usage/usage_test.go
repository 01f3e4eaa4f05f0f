package usage

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
)

// tool is a small command line with one of everything.
type tool struct {
	Server string `help:"Address." placeholder:"URL"`
	Deploy struct {
		Service string   `help:"Service. It changes."`
		Kind    string   `enum:"deploy,config" default:"deploy" help:"Kind."`
		File    string   `type:"existingfile" short:"f" help:"File."`
		Git     bool     `negatable:"" help:"Ask git."`
		Rider   []string `help:"Rider."`
		Secret  string   `hidden:"" help:"Not shown."`
		Version string   `arg:"" help:"Version."`
		Rest    []string `arg:"" optional:"" help:"More."`
	} `cmd:"" help:"Deploy."`
	Rules struct {
		Show struct {
			Rule string `arg:"" help:"Rule."`
		} `cmd:"" help:"Show."`
		Test struct{} `cmd:"" help:"Test."`
	} `cmd:"" help:"Rules."`
	Help   struct{} `cmd:"" help:"Help."`
	Hidden struct{} `cmd:"" hidden:""`
}

func model(t testing.TB) *kong.Application {
	t.Helper()
	k, err := kong.New(&tool{}, kong.Name("tool"), kong.Description("Do things."))
	if err != nil {
		t.Fatal(err)
	}
	return k.Model
}

// known are the values of the tests: of each name what was typed, and what nobody may see.
func known(name string, typed Typed) []Candidate {
	return []Candidate{{Value: name + "-of-" + typed.Flags["server"] + "-" + strings.ReplaceAll(typed.Command, " ", "-")}, {Value: "two words"}, {Value: "bell\a"}, {Value: "no\u009bcolour"}, {Value: ""}}
}

func TestComplete(t *testing.T) {
	app := model(t)
	f := func(words string, want ...string) {
		t.Helper()
		var got []string
		for _, c := range Complete(app, strings.Split(words, " "), known) {
			got = append(got, c.Value)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", words, got, want)
		}
	}
	f("", "deploy", "rules", "help")
	f("de", "deploy")
	f("x")
	f("rules ", "show", "test")
	f("help rules t", "test")
	f("rules show ", "rule-of--rules-show")
	f("--server a rules show r", "rule-of-a-rules-show")
	f("--server=a rules show ", "rule-of-a-rules-show")
	f("rules show x ")
	f("deploy --k", "--kind")
	f("deploy --kind ", "deploy", "config")
	f("deploy --kind=c", "--kind=config")
	f("deploy --kind x --k")
	f("deploy --rider x --r", "--rider")
	f("deploy --service ", "--service-of--deploy")
	f("deploy --service=--se", "--service=--service-of--deploy")
	f("deploy --file ", Files)
	f("deploy --file=x", Files)
	f("deploy -f ", Files)
	f("deploy --no", "--no-git")
	f("deploy --no-git ve", "version-of--deploy")
	f("deploy --se", "--service", "--server")
	f("deploy v1 ", "rest-of--deploy")
	f("deploy v1 v2 ", "rest-of--deploy")
	f("deploy -- ", "version-of--deploy")
	f("deploy -- --k")
	f("deploy --git=")
	f("deploy --nothing x")
	if got := Complete(app, nil, known); got != nil {
		t.Error(got)
	}
}

func TestSplit(t *testing.T) {
	f := func(line string, wantWhole bool, want ...string) {
		t.Helper()
		if got, whole := Split(line); !slices.Equal(got, want) || whole != wantWhole {
			t.Errorf("%q: %q, %v; want %q, %v", line, got, whole, want, wantWhole)
		}
	}
	f("", true, "")
	f("a  b", true, "a", "b")
	f("a b ", true, "a", "b", "")
	f(`a "b c" d`, true, "a", "b c", "d")
	f(`a '' 'b \' c`, true, "a", "", `b \`, "c")
	f(`a "b c`, false, "a", "b c")
	f(`a b\ c`, false, "a", "b c")
	f(`a b=c:d`, true, "a", "b=c:d")
}

// Whatever somebody types, completing it ends, and each candidate goes on with the last word.
func FuzzComplete(f *testing.F) {
	app := model(f)
	f.Add("deploy --service=s")
	f.Add(`rules "show" --`)
	f.Fuzz(func(t *testing.T, line string) {
		words, _ := Split(line)
		for _, c := range Complete(app, words, known) {
			if c.Value != Files && (!strings.HasPrefix(c.Value, words[len(words)-1]) || strings.ContainsAny(c.Value, " \t\n\x1b")) {
				t.Errorf("%q: %q", line, c.Value)
			}
		}
	})
}

func TestManual(t *testing.T) {
	var page strings.Builder
	err := Manual(&page, model(t), About{
		Version: "v1-2", Date: time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC),
		Sections: []Section{{"Exit status", "0: it worked.\n\nExample:\n\n  .x 'y' \\z | tool --git\n\n  tool\n\nThe end."}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		".TH TOOL 1 2026-11-29 \"tool v1\\-2\" \"User Commands\"\n.SH NAME\ntool \\- do things\n",
		".SS tool deploy <version> [<rest> ...]\n", ".SS tool rules show <rule>\n",
		".TP\n\\fB\\-f\\fR, \\fB\\-\\-file\\fR=\\fISTRING\\fR\nFile.\n", ".TP\n\\fB\\-\\-git\\fR, \\fB\\-\\-no\\-git\\fR\nAsk git.\n",
		".SH EXIT STATUS\n0: it worked.\n.PP\nExample:\n.PP\n.RS 4\n.nf\n\\&.x \\(aqy\\(aq \\ez | tool \\-\\-git\n\ntool\n.fi\n.RE\n.PP\nThe end.\n",
	} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("without %q:\n%s", want, page.String())
		}
	}
	if strings.Contains(page.String(), "ecret") || strings.Contains(page.String(), "idden") {
		t.Errorf("shows what is hidden:\n%s", page.String())
	}
}
