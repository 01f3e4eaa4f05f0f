package store

import (
	"strconv"
	"strings"
)

// conditions are those of a WHERE clause that differ from call to call. A filter that is
// not set has no condition, because the planner cannot use an index for "$1 = ” OR
// service = $1".
type conditions struct {
	all  []string
	args []any
}

// add adds a condition: what stands before a value, such as "service = ".
func (c *conditions) add(before string, value any) {
	c.all = append(c.all, before+c.mark(value))
}

func (c *conditions) addUnlessEmpty(before, value string) {
	if value != "" {
		c.add(before, value)
	}
}

// mark is what stands for a value outside the conditions.
func (c *conditions) mark(value any) string {
	c.args = append(c.args, value)
	return "$" + strconv.Itoa(len(c.args))
}

func (c *conditions) where() string { return "WHERE " + strings.Join(c.all, " AND ") }

// oneOf is a list of marks for an IN, with what they stand for.
func oneOf[T any](all []T) (marks string, args []any) {
	for _, one := range all {
		args = append(args, one)
	}
	return "(" + placeholders(1, len(args)) + ")", args
}
