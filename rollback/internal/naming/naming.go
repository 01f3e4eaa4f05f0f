package naming

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"github.com/pushback/pushback/rollback"
)

// maxNameLength bounds a name that is made from an event, in bytes.
const maxNameLength = 256

// placeholders are all placeholders except $label.<name>.
var placeholders = []struct {
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

// CheckPlaceholders returns an error for an unknown or misplaced placeholder in a
// setting. key is the name of the setting, for the error.
func CheckPlaceholders(key, setting string) error {
	for _, part := range strings.Split(setting, "/") {
		name, found := strings.CutPrefix(part, "$")
		switch {
		case found && isPlaceholder(name):
		case found:
			return fmt.Errorf("%s: unknown placeholder %q: there are %s and $label.<name>", key, part, listPlaceholders())
		case strings.Contains(part, "$"):
			return fmt.Errorf("%s: %q: a placeholder is the whole text between two slashes", key, part)
		}
	}
	return nil
}

// IsFixed reports whether a setting has no placeholder, so that it gives the same
// name for every change.
func IsFixed(setting string) bool { return !strings.Contains(setting, "$") }

// Fill replaces the placeholders of a setting, which CheckPlaceholders has accepted,
// with the values of a plan. It refuses a value that is empty, too long or has
// control characters.
func Fill(key, setting string, p rollback.Plan) (string, error) {
	parts := strings.Split(setting, "/")
	for i, part := range parts {
		name, found := strings.CutPrefix(part, "$")
		if !found {
			continue
		}
		filled := placeholderValue(name, p)
		if filled == "" {
			return "", fmt.Errorf("%s: the change has no %s", key, strings.Replace(name, "label.", "label ", 1))
		}
		if len(filled) > maxNameLength || strings.ContainsFunc(filled, unicode.IsControl) {
			return "", fmt.Errorf("%s: the change's %s cannot be a name: it is over %d bytes or has control characters", key, name, maxNameLength)
		}
		parts[i] = filled
	}
	return strings.Join(parts, "/"), nil
}

func isPlaceholder(name string) bool {
	if label, found := strings.CutPrefix(name, "label."); found {
		return label != ""
	}
	for _, w := range placeholders {
		if w.name == name {
			return true
		}
	}
	return false
}

func placeholderValue(name string, p rollback.Plan) string {
	if label, found := strings.CutPrefix(name, "label."); found {
		return p.Change.Labels[label]
	}
	for _, w := range placeholders {
		if w.name == name {
			return w.value(p)
		}
	}
	return ""
}

func listPlaceholders() string {
	names := make([]string, len(placeholders))
	for i, w := range placeholders {
		names[i] = "$" + w.name
	}
	return strings.Join(names, ", ")
}

// IsPlainName reports whether s may become one segment of a URL path: it has only
// letters, digits, dots, dashes and underscores, and is neither "." nor "..".
func IsPlainName(s string) bool {
	return s != "." && s != ".." && len(s) <= maxNameLength && plainName.MatchString(s)
}

var plainName = regexp.MustCompile(`^[a-zA-Z0-9._-]+$`)
