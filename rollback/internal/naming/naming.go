package naming

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"github.com/pushback/pushback/rollback"
)

// longest bounds a name made from an event, in bytes.
const longest = 256

// words are the placeholders, beside $label.<name>.
var words = []struct {
	name  string
	value func(rollback.Plan) string
}{
	{"key", func(p rollback.Plan) string { return p.Change.Key() }},
	{"change", func(p rollback.Plan) string { return p.Change.ID }},
	{"service", func(p rollback.Plan) string { return p.Change.Service }},
	{"environment", func(p rollback.Plan) string { return p.Change.Environment }},
	{"region", func(p rollback.Plan) string { return p.Change.Region }},
	{"kind", func(p rollback.Plan) string { return string(p.Change.Kind) }},
	{"group", func(p rollback.Plan) string { return p.Change.Group }},
	{"version", func(p rollback.Plan) string { return p.Change.Version }},
	{"target_version", func(p rollback.Plan) string { return p.Target }},
}

// Check says what is wrong with the placeholders of a setting.
func Check(key, setting string) error {
	for _, part := range strings.Split(setting, "/") {
		name, found := strings.CutPrefix(part, "$")
		switch {
		case found && known(name):
		case found:
			return fmt.Errorf("%s: unknown placeholder %q: there are %s and $label.<name>", key, part, all())
		case strings.Contains(part, "$"):
			return fmt.Errorf("%s: %q: a placeholder is the whole text between two slashes", key, part)
		}
	}
	return nil
}

// Fixed says whether a setting names the same thing whatever the change.
func Fixed(setting string) bool { return !strings.Contains(setting, "$") }

// Fill puts a plan's words into a setting that Check has taken. It refuses
// what no name can be: nothing, control characters, an endless text.
func Fill(key, setting string, p rollback.Plan) (string, error) {
	parts := strings.Split(setting, "/")
	for i, part := range parts {
		name, found := strings.CutPrefix(part, "$")
		if !found {
			continue
		}
		filled := value(name, p)
		if filled == "" {
			return "", fmt.Errorf("%s: the change has no %s", key, strings.Replace(name, "label.", "label ", 1))
		}
		if len(filled) > longest || strings.ContainsFunc(filled, unicode.IsControl) {
			return "", fmt.Errorf("%s: the change's %s is no name: over %d bytes, or with control characters", key, name, longest)
		}
		parts[i] = filled
	}
	return strings.Join(parts, "/"), nil
}

func known(name string) bool {
	if label, found := strings.CutPrefix(name, "label."); found {
		return label != ""
	}
	for _, w := range words {
		if w.name == name {
			return true
		}
	}
	return false
}

func value(name string, p rollback.Plan) string {
	if label, found := strings.CutPrefix(name, "label."); found {
		return p.Change.Labels[label]
	}
	for _, w := range words {
		if w.name == name {
			return w.value(p)
		}
	}
	return ""
}

func all() string {
	names := make([]string, len(words))
	for i, w := range words {
		names[i] = "$" + w.name
	}
	return strings.Join(names, ", ")
}

// Plain says whether s is a name of letters, digits, dots, dashes and
// underscores alone, and none of those that mean a folder. It is what may
// become one part of a path.
func Plain(s string) bool {
	return s != "." && s != ".." && len(s) <= longest && plain.MatchString(s)
}

var plain = regexp.MustCompile(`^[a-zA-Z0-9._-]+$`)
