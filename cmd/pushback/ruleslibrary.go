package main

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/pushback/pushback/internal/strictyaml"
	"github.com/pushback/pushback/rules"
)

// rulesLibraryCommand shows the rules that come with Pushback.
type rulesLibraryCommand struct {
	Name string `arg:"" optional:"" help:"Rule to show, such as library/http-red."`
	JSON bool   `help:"Write JSON, for programs."`
}

// Help shows how a rule file uses a rule of the library.
func (rulesLibraryCommand) Help() string {
	return `Without a name, lists the rules that come with Pushback; with a name, writes that
rule. A rule file uses a rule of the library and changes parts of it like this:

  - {name: red, use: library/http-red, watch: {service: "*"}, set: {latency.slow: 300ms}}

Examples:

  pushback rules library
  pushback rules library library/http-red > rules/red.yml`
}

// libraryRule is one rule of the library as --json writes it.
type libraryRule struct {
	Name  string `json:"name"`
	About string `json:"about"` // its first sentence
	Text  string `json:"text"`
}

// Run lists the library, or shows one rule of it.
func (r rulesLibraryCommand) Run(out terminal) error {
	all, err := libraryRules()
	if err != nil {
		return err
	}
	if r.Name != "" {
		i := slices.IndexFunc(all, func(s libraryRule) bool { return s.Name == r.Name || s.Name == "library/"+r.Name })
		if i < 0 {
			return usageError(fmt.Errorf("the library has no rule %q\n  hint: %s", r.Name, libraryHint(r.Name)))
		}
		all = all[i : i+1]
	}
	switch {
	case r.JSON:
		return out.printJSON(all)
	case r.Name != "":
		_, err = fmt.Fprint(out, all[0].Text)
		return err
	}
	for _, s := range all {
		if _, err := fmt.Fprintf(out, "%-26s %s\n", out.paint(styleStrong, s.Name), s.About); err != nil {
			return err
		}
	}
	return nil
}

func libraryHint(name string) string {
	if near := strictyaml.Nearest("library/"+strings.TrimPrefix(name, "library/"), rules.LibraryNames()); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "the rules are " + strings.Join(rules.LibraryNames(), ", ")
}

func libraryRules() ([]libraryRule, error) {
	var all []libraryRule
	for _, name := range rules.LibraryNames() {
		text, err := fs.ReadFile(rules.Library(), strings.TrimPrefix(name, "library/")+".yml")
		if err != nil {
			return nil, fmt.Errorf("reading the library of rules: %w", err)
		}
		all = append(all, libraryRule{Name: name, About: firstSentence(string(text)), Text: string(text)})
	}
	return all, nil
}

// firstSentence is the first sentence of the comment at the beginning of a file.
func firstSentence(text string) string {
	var words []string
	for line := range strings.Lines(text) {
		comment, ok := strings.CutPrefix(line, "# ")
		if !ok {
			break
		}
		words = append(words, strings.TrimSpace(comment))
	}
	sentence, _, _ := strings.Cut(strings.Join(words, " "), ". ")
	return strings.TrimSuffix(sentence, ".")
}
