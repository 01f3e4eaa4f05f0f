package probes

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/pushback/pushback/internal/strictyaml"
)

// Statuses are the expected statuses of an answer: 2xx, 204, or a list of such.
type Statuses []statusRange

// statusRange is one status, or a hundred of them; both ends belong to it.
type statusRange struct{ least, most int }

// maxStatuses bounds a list of statuses.
const maxStatuses = 20

// ParseStatuses reads words such as 2xx and 404.
func ParseStatuses(words ...string) (Statuses, error) {
	if len(words) == 0 || len(words) > maxStatuses {
		return nil, &strictyaml.ValueError{Message: fmt.Sprintf("one to %d statuses are expected", maxStatuses), Hint: statusHint}
	}
	var all Statuses
	for _, word := range words {
		one, ok := parseStatus(word)
		if !ok {
			return nil, &strictyaml.ValueError{Message: fmt.Sprintf("%.20q is not a status", word), Hint: statusHint}
		}
		all = append(all, one)
	}
	return all, nil
}

const statusHint = "write 2xx, 200, or a list such as [200, 301]"

func parseStatus(word string) (statusRange, bool) {
	if class, is := strings.CutSuffix(strings.ToLower(word), "xx"); is && len(class) == 1 && class[0] >= '1' && class[0] <= '5' {
		least := 100 * int(class[0]-'0')
		return statusRange{least, least + 99}, true
	}
	n, err := strconv.Atoi(word)
	return statusRange{n, n}, err == nil && len(word) == 3 && n >= 100 && n <= 599
}

// UnmarshalYAML reads one status or a list.
func (s *Statuses) UnmarshalYAML(n *yaml.Node) (err error) {
	nodes := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		nodes = n.Content
	}
	var words []string
	for _, each := range nodes {
		if each.Kind != yaml.ScalarNode {
			return &strictyaml.ValueError{Message: "this is not a status", Hint: statusHint}
		}
		words = append(words, each.Value)
	}
	*s, err = ParseStatuses(words...)
	return err
}

// Has reports whether a status is expected.
func (s Statuses) Has(code int) bool {
	return slices.ContainsFunc(s, func(r statusRange) bool { return code >= r.least && code <= r.most })
}

// String is the list as it is written.
func (s Statuses) String() string {
	words := make([]string, len(s))
	for i, r := range s {
		words[i] = strconv.Itoa(r.least)
		if r.most > r.least {
			words[i] = strconv.Itoa(r.least/100) + "xx"
		}
	}
	return strings.Join(words, ", ")
}
