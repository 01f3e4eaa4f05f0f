package rules

import (
	"errors"
	"fmt"
	"slices"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"

	"github.com/pushback/pushback/sources/metrics/promql"
)

// Conditions are evaluated at every look, in the memory of the daemon. The library counts
// the elements of lists, but neither the bytes of text nor the steps: ten nested text
// functions make terabytes of one letter, and lists within lists take hours. So what can make
// a value larger than its parts is not available, and predicates nest two deep: enough
// for any(evidence, any(.tests, …)).
const maxPredicates = 2

// growing are the functions that conditions do not have because their results grow with each use.
var growing = []string{
	"reduce", "repeat", "replace", "join", "flatten", "concat", "toJSON", "fromJSON", "toBase64", "fromBase64", "toPairs", "fromPairs", "groupBy",
}

// conditionOptions are the options of the library that leave functions out. Without now(), date() and
// timezone() no condition depends on the clock.
func conditionOptions() []expr.Option {
	var all []expr.Option
	for _, name := range append([]string{"now", "date", "timezone"}, growing...) {
		all = append(all, expr.DisableBuiltin(name))
	}
	return all
}

// maxWhenRegexp is in parts, as promql.RegexpSize counts them.
const maxWhenRegexp = 2000

// checkTree returns an error for a condition that could take long. It looks at the tree before it
// is compiled, because that compiles regular expressions.
func checkTree(node ast.Node) error {
	found := predicates{depths: map[ast.Node]int{}}
	ast.Walk(&node, &found)
	switch {
	case found.regexp > maxWhenRegexp:
		return fmt.Errorf("the regular expressions, with their repetitions written out, have more than %d parts", maxWhenRegexp)
	case found.growing != "":
		return fmt.Errorf("%s is not available in a condition", found.growing)
	case found.variables:
		return errors.New("a condition has no variables (let)")
	case found.deepest > maxPredicates:
		return fmt.Errorf("predicates, as in any(evidence, …), nest at most %d deep", maxPredicates)
	}
	return nil
}

// predicates finds how deep predicates nest. ast.Walk comes to what is inside first.
type predicates struct {
	depths    map[ast.Node]int
	deepest   int
	variables bool
	regexp    int    // the size of all regular expressions
	growing   string // a function of growing; DisableBuiltin leaves those that take a predicate
}

// Visit looks at one node.
func (p *predicates) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.VariableDeclaratorNode:
		p.variables = true
	case *ast.BinaryNode:
		if pattern, is := n.Right.(*ast.StringNode); is && n.Operator == "matches" {
			p.regexp += promql.RegexpSize(pattern.Value)
		}
	case *ast.BuiltinNode:
		if slices.Contains(growing, n.Name) {
			p.growing = n.Name
		}
	case *ast.PredicateNode:
		inside := collected{}
		ast.Walk(&n.Node, &inside)
		depth := 0
		for _, one := range inside {
			depth = max(depth, p.depths[one])
		}
		p.depths[n] = depth + 1
		p.deepest = max(p.deepest, depth+1)
	}
}

// collected are the nodes of a tree.
type collected []ast.Node

// Visit collects one node.
func (c *collected) Visit(node *ast.Node) { *c = append(*c, *node) }
