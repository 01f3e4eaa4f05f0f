package migrate

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"
)

// Argo's conditions are programs in the language expr over the query's result. A rule has a
// limit: one number. A condition that compares the result with numbers is true on some stretches
// of the number line and changes only at those numbers. So it is evaluated at each of them and
// between them, by the library that Argo uses, and the stretch on which a release passes is
// read off. A condition that does anything else stops the conversion.

// condition is an expression over one number, and the numbers at which it may change.
type condition struct {
	program *vm.Program
	scalar  bool // the query gives a number, and not a list
	cuts    []float64
	every   bool // it asks each series, and not the first
	lenient bool // of several series, one that holds is enough: any(…)
	strict  bool // of several series, all must hold: all(…), none(…)
	missing bool // it says what missing data means
}

const maxCondition = 1000 // bytes

// environment is what Argo gives to a condition.
func environment(result any) map[string]any {
	return map[string]any{
		"result":  result,
		"isNaN":   math.IsNaN,
		"isInf":   func(f float64) bool { return math.IsInf(f, 0) },
		"isNil":   func(any) bool { return result == nil },
		"asFloat": func(f float64) float64 { return f },
		"default": func(value, other any) any {
			if value == nil {
				return other
			}
			return value
		},
	}
}

// parseCondition reads a condition on the result of a query, which is a number or a list.
func parseCondition(text string, scalar bool) (*condition, error) {
	if len(text) > maxCondition {
		return nil, fmt.Errorf("it is longer than %d characters", maxCondition)
	}
	tree, err := parser.Parse(text)
	if err != nil {
		return nil, errors.New("it is no expression")
	}
	c := &condition{scalar: scalar}
	if err := c.check(tree.Node); err != nil {
		return nil, err
	}
	if len(c.cuts) > 20 {
		return nil, errors.New("it has more than 20 comparisons")
	}
	slices.Sort(c.cuts)
	c.cuts = slices.Compact(c.cuts)
	c.program, err = expr.Compile(text, expr.Env(environment(c.result(0))), expr.AsBool())
	if err != nil {
		return nil, errors.New("it cannot be evaluated on what the query gives")
	}
	return c, nil
}

// result is what Argo calls result: a number, or a list with one.
func (c *condition) result(v float64) any {
	if c.scalar {
		return v
	}
	return []float64{v}
}

// at evaluates the condition for one value.
func (c *condition) at(v float64) (bool, error) { return c.run(c.result(v)) }

// whenEmpty evaluates the condition for a query without series.
func (c *condition) whenEmpty() (bool, error) {
	if c.scalar {
		return c.run(math.NaN())
	}
	return c.run([]float64{})
}

func (c *condition) run(result any) (bool, error) {
	got, err := expr.Run(c.program, environment(result))
	if err != nil {
		return false, err
	}
	held, ok := got.(bool)
	if !ok {
		return false, errors.New("it is neither true nor false")
	}
	return held, nil
}

// check refuses a condition that is more than comparisons of the result with numbers, and
// collects these numbers.
func (c *condition) check(n ast.Node) error {
	switch n := n.(type) {
	case *ast.BoolNode:
		return nil
	case *ast.UnaryNode:
		if n.Operator == "!" || n.Operator == "not" {
			return c.check(n.Node)
		}
	case *ast.BinaryNode:
		return c.checkBinary(n)
	case *ast.CallNode:
		if name, ok := n.Callee.(*ast.IdentifierNode); ok && slices.Contains([]string{"isNaN", "isInf", "isNil"}, name.Value) && len(n.Arguments) == 1 {
			c.missing = true
			return c.checkValue(n.Arguments[0])
		}
	case *ast.BuiltinNode:
		return c.checkEvery(n)
	}
	return errors.New("it does more than compare one result with numbers")
}

func (c *condition) checkBinary(n *ast.BinaryNode) error {
	switch n.Operator {
	case "&&", "and", "||", "or":
		if err := c.check(n.Left); err != nil {
			return err
		}
		return c.check(n.Right)
	case "<", "<=", ">", ">=", "==", "!=":
		if isLength(n.Left) || isLength(n.Right) {
			c.missing = true
			return nil
		}
		if v, ok := constant(n.Right); ok {
			c.cuts = append(c.cuts, v)
			return c.checkValue(n.Left)
		}
		if v, ok := constant(n.Left); ok {
			c.cuts = append(c.cuts, v)
			return c.checkValue(n.Right)
		}
	}
	return errors.New("it does more than compare one result with numbers")
}

// checkEvery accepts all(result, # < 5) and its kin. For one series they mean the comparison;
// for several, the worst of them.
func (c *condition) checkEvery(n *ast.BuiltinNode) error {
	if len(n.Arguments) == 2 && slices.Contains([]string{"all", "any", "none"}, n.Name) {
		over, _ := n.Arguments[0].(*ast.IdentifierNode)
		predicate, ok := n.Arguments[1].(*ast.PredicateNode)
		if ok && over != nil && over.Value == "result" {
			c.every = true
			c.lenient, c.strict = c.lenient || n.Name == "any", c.strict || n.Name != "any"
			return c.check(predicate.Node)
		}
	}
	return fmt.Errorf("%s(…) has no equivalent", n.Name)
}

// checkValue accepts the result itself, which is the first of several series.
func (c *condition) checkValue(n ast.Node) error {
	switch n := n.(type) {
	case *ast.IdentifierNode:
		if n.Value == "result" {
			return nil
		}
	case *ast.PointerNode:
		if n.Name == "" {
			return nil
		}
	case *ast.MemberNode:
		if index, ok := n.Property.(*ast.IntegerNode); ok && index.Value == 0 {
			return c.checkValue(n.Node)
		}
		return errors.New("it asks another than the first result")
	case *ast.CallNode:
		name, ok := n.Callee.(*ast.IdentifierNode)
		switch {
		case ok && name.Value == "asFloat" && len(n.Arguments) == 1:
			return c.checkValue(n.Arguments[0])
		case ok && name.Value == "default" && len(n.Arguments) == 2:
			if _, fixed := constant(n.Arguments[1]); fixed {
				return c.checkValue(n.Arguments[0])
			}
		}
	}
	return errors.New("it does more than compare one result with numbers")
}

// isLength reports whether a part is len(result).
func isLength(n ast.Node) bool {
	b, ok := n.(*ast.BuiltinNode)
	if !ok || b.Name != "len" || len(b.Arguments) != 1 {
		return false
	}
	over, ok := b.Arguments[0].(*ast.IdentifierNode)
	return ok && over.Value == "result"
}

// constant returns the value of a number, with a sign or in a product or quotient.
func constant(n ast.Node) (float64, bool) {
	switch n := n.(type) {
	case *ast.IntegerNode:
		return float64(n.Value), true
	case *ast.FloatNode:
		return n.Value, true
	case *ast.StringNode:
		return 0, false
	case *ast.UnaryNode:
		v, ok := constant(n.Node)
		if n.Operator == "-" {
			v = -v
		}
		return v, ok && (n.Operator == "-" || n.Operator == "+")
	case *ast.BinaryNode:
		l, left := constant(n.Left)
		r, right := constant(n.Right)
		switch {
		case !left || !right:
		case n.Operator == "*":
			return l * r, true
		case n.Operator == "/" && r != 0:
			return l / r, true
		}
	}
	return 0, false
}

// number writes a number as people do.
func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
