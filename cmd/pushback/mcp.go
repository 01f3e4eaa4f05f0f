package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/pushback/pushback/internal/agents"
	"github.com/pushback/pushback/internal/folder"
	"github.com/pushback/pushback/internal/server"
	"github.com/pushback/pushback/rules"
)

// mcpCommand serves the tools of package agents to a program that speaks the Model Context
// Protocol.
type mcpCommand struct {
	configFlag
	Server          string `env:"PUSHBACK_SERVER" default:"http://127.0.0.1:8484" placeholder:"URL" help:"Address of the daemon (${env}; default ${default})."`
	TokenFile       string `env:"PUSHBACK_TOKEN_FILE" type:"path" placeholder:"FILE" help:"File with the token of the daemon's API (${env})."`
	Listen          string `placeholder:"HOST:PORT" help:"Serve streamable HTTP here, instead of standard input and output."`
	AccessTokenFile string `type:"path" placeholder:"FILE" help:"With --listen: file of the tokens that agents send, one a line."`
}

// Help says what an agent can do, and how it is configured.
func (mcpCommand) Help() string {
	return `Lets an assistant ask what Pushback knows: changes, explain, verdict, gate, coverage,
backtest and rule_check read; propose_rule_patch answers with a patch and writes nothing;
propose_rollback asks a person. No tool acts or approves.

By default it speaks over standard input and output, so that the assistant starts it. With
--listen it serves streamable HTTP; every request then needs a token of --access-token-file.
changes, explain, verdict, gate and propose_rollback ask the daemon; the others read
pushback.yml and ask the metric stores themselves.

Examples:

  pushback mcp -c pushback.yml --token-file token
  pushback mcp --listen 127.0.0.1:8485 --access-token-file agents.token`
}

// Run serves until the agent has gone, or the program is stopped.
func (m mcpCommand) Run(ctx context.Context, out terminal) error {
	s, err := m.server()
	if err != nil {
		return err
	}
	if m.Listen != "" {
		return m.serveHTTP(ctx, out, s)
	}
	if m.AccessTokenFile != "" {
		return usageError(errors.New("--access-token-file is for --listen: over standard input and output nobody else can ask"))
	}
	if err = s.Run(ctx, &mcp.StdioTransport{}); ctx.Err() == nil && !errors.Is(err, io.EOF) {
		return err
	}
	return nil // stopped, or the assistant has gone
}

// server has the tools, with what they work on.
func (m mcpCommand) server() (*mcp.Server, error) {
	c, err := serverFlags{Server: m.Server, TokenFile: m.TokenFile}.client()
	if err != nil {
		return nil, err
	}
	return agents.New(agents.Options{
		Version: version(), Ask: c.call, Coverage: m.coverage, Backtest: m.backtest, Rules: m.rules, Check: m.check,
	}), nil
}

// serveHTTP serves streamable HTTP. It needs tokens on loopback as well.
func (m mcpCommand) serveHTTP(ctx context.Context, out terminal, s *mcp.Server) error {
	if err := agents.CheckAddress(m.Listen); err != nil {
		return usageError(fmt.Errorf("--listen: %w", err))
	}
	if m.AccessTokenFile == "" {
		return usageError(errors.New("--listen needs --access-token-file: whoever reaches the address could ask\n  hint: write a long random line into a file that only you can read, and send it as Authorization: Bearer"))
	}
	if err := server.CheckTokens(m.AccessTokenFile); err != nil {
		return usageError(fmt.Errorf("--access-token-file: %w", err))
	}
	l, err := net.Listen("tcp", m.Listen)
	if err != nil {
		return fmt.Errorf("listening on %s: %w", m.Listen, err)
	}
	log := slog.New(slog.NewJSONHandler(out.warnings, nil))
	log.Info("serving agents", "address", l.Addr().String())
	web := agents.NewHTTPServer(agents.Handler(s, func(token string) (bool, error) { return server.HoldsToken(m.AccessTokenFile, token) }))
	stop := context.AfterFunc(ctx, func() {
		short, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if web.Shutdown(short) != nil {
			_ = web.Close()
		}
	})
	defer stop()
	if err := web.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving agents: %w", err)
	}
	return nil
}

func (m mcpCommand) coverage(ctx context.Context, in agents.CoverageInput) ([]byte, error) {
	environment := in.Environment
	if environment == "" {
		environment = "production"
	}
	return output(ctx, rulesCoverageCommand{configFlag: m.configFlag, Environment: environment, Kind: "deploy", Unseen: in.Unseen, JSON: true})
}

func (m mcpCommand) backtest(ctx context.Context, in agents.BacktestInput) ([]byte, error) {
	return output(ctx, backtestCommand{configFlag: m.configFlag, FromStore: true, Placebo: in.Placebo, Seed: 1, JSON: true})
}

// output is what a command writes.
func output(ctx context.Context, command interface {
	Run(ctx context.Context, out terminal) error
},
) ([]byte, error) {
	var written bytes.Buffer
	err := command.Run(ctx, terminal{Writer: &written, warnings: io.Discard})
	return written.Bytes(), err
}

// rules are the files of the rules folder.
func (m mcpCommand) rules() (fs.FS, error) {
	c, err := m.load()
	if err != nil {
		return nil, err
	}
	if err := checkRulesFolder(c.Rules); err != nil {
		return nil, err
	}
	return folder.Files(c.Rules), nil
}

// check loads rules as `rules check` does.
func (m mcpCommand) check(ctx context.Context, files fs.FS) (agents.Checked, error) {
	if _, err := os.Stat(m.Config); err != nil {
		return agents.Checked{}, usageError(fmt.Errorf("reading the settings: %w", err))
	}
	_, world, err := rulesCheckCommand{configFlag: m.configFlag}.world(ctx)
	if err != nil {
		return agents.Checked{}, err
	}
	world.Stop = ctx.Err
	set, found := rules.Load(files, world)
	answer := agents.Checked{Diagnostics: append([]rules.Diagnostic{}, found...)}
	if set != nil {
		answer.Rules, answer.Warnings = set.Len(), set.Warnings()
	}
	return answer, ctx.Err()
}
