package main

import (
	"context"
	"fmt"
	"net/http"

	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/rules"
)

// rulesReloadCommand asks the daemon to read its rules folder now.
type rulesReloadCommand struct{ serverFlags }

// Help says when a reload is needed.
func (rulesReloadCommand) Help() string {
	return `The daemon reads its rules folder after every edit by itself. This command makes it
read the folder now, waits for the result, and shows mistakes. Exit code 2 when
there is one: the last good rules stay in force.

Example:

  pushback rules reload`
}

// Run reloads the rules and prints mistakes as rules check does.
func (r rulesReloadCommand) Run(ctx context.Context, out terminal) error {
	c, err := r.client()
	if err != nil {
		return err
	}
	var answer api.Reloaded
	if err := c.call(ctx, http.MethodPost, "/v1/reload", nil, &answer); err != nil {
		return err
	}
	if r.JSON {
		err = out.printJSON(answer)
	} else {
		err = printReloaded(out, answer)
	}
	if err == nil && !answer.Reloaded {
		return &exitError{code: exitUsage}
	}
	return err
}

func printReloaded(out terminal, a api.Reloaded) error {
	for _, d := range a.Diagnostics {
		mistake := rules.Diagnostic{File: d.File, Line: d.Line, Column: d.Column, Code: d.Code, Message: d.Message, Hint: d.Hint}
		if err := mistake.Render(out, out.colour); err != nil {
			return err
		}
	}
	said := "the rules are in force\n"
	if !a.Reloaded {
		said = fmt.Sprintf("mistakes: %d; the last good rules stay in force\n", len(a.Diagnostics))
	}
	_, err := out.Write([]byte(said))
	return err
}
