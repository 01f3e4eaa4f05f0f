package engine

import "github.com/pushback/pushback/rules"

// RuleSet is the rules in force.
func (e *Engine) RuleSet() *rules.Set { return e.rules.set() }
