package main

import (
	"github.com/pushback/pushback/internal/migrate"
	"github.com/pushback/pushback/internal/proof/accuracy"
	"github.com/pushback/pushback/internal/ruletest"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/survey"
)

// jsonAnswers are what each command writes with --json: one value of the type, or of one of
// several. docs/json.schema.json and the table of docs/json.md are generated from it, and a
// test holds what the commands really write against the schema.
var jsonAnswers = map[string][]any{
	"accuracy":        {accuracy.Page{}},
	"approve":         {api.Order{}},
	"audit verify":    {auditSummary{}},
	"backtest":        {backtestAnswer{}},
	"backup":          {backupResult{}},
	"config check":    {[]mistake{}, checkAnswer{}},
	"diff":            {difference{}},
	"demo ship":       {api.Accepted{}},
	"deploy":          {api.Accepted{}, api.Explanation{}, api.Ignored{}},
	"doctor":          {doctorAnswer{}},
	"downgrade":       {downgradeResult{}},
	"explain":         {api.Explanation{}},
	"false-alarm":     {api.FalseAlarm{}},
	"missed":          {api.Missed{}},
	"freeze":          {freezeAnswer{}},
	"gate":            {api.Gate{}},
	"healthcheck":     {health{}},
	"hold":            {api.Hold{}},
	"hooks list":      {[]listedHook{}},
	"hooks test":      {rehearsal{}},
	"incident end":    {api.Incident{}},
	"incident list":   {api.Incidents{}},
	"incident note":   {api.Incident{}},
	"incident remove": {api.Incident{}},
	"probe":           {probeAnswer{}},
	"mine":            {mineAnswer{}},
	"receivers list":  {[]listedReceiver{}},
	"receivers test":  {receiverTest{}},
	"reject":          {api.Order{}},
	"release":         {api.Hold{}, api.ChangeSummary{}},
	"replay":          {replayed{}},
	"restore":         {restoreResult{}},
	"rules check":     {rulesAnswer{}},
	"rules coverage":  {[]survey.Coverage{}},
	"rules demote":    {api.RuleTrust{}},
	"rules init":      {initAnswer{}, probeInitAnswer{}},
	"rules library":   {[]libraryRule{}},
	"rules migrate":   {migrate.Result{}},
	"rules promote":   {api.RuleTrust{}},
	"rules reload":    {api.Reloaded{}},
	"rules show":      {api.RuleBudget{}},
	"rules status":    {api.Rules{}},
	"rules test":      {[]ruletest.Report{}},
	"rules try":       {tryAnswer{}},
	"sources capture": {api.Capture{}},
	"sources status":  {api.Sources{}},
	"sources try":     {triedSource{}},
	"status":          {statusAnswer{}},
	"tokens create":   {api.CreatedToken{}},
	"tokens list":     {api.Tokens{}},
	"tokens revoke":   {api.Token{}},
	"top":             {topAnswer{}},
	"unfreeze":        {freezeAnswer{}},
	"version":         {versionAnswer{}},
	"watch":           {api.WatchedChange{}},
	"whoami":          {api.Who{}},
}

// answerNotes say when a command writes which of several values.
var answerNotes = map[string]string{
	"backtest":     "with `--ticks` one object a line instead, for each tick",
	"config check": "the mistakes; with `--online` an object with mistakes, warnings and answers",
	"deploy":       "with `--wait` the change with its watches, once they have ended; with `--paths`, why nothing was stored",
	"watch":        "one object a line, for each change that moves",
	"release":      "the hold, or the change that was cleared",
	"rules init":   "with `--probe` the files and what the page answered",
}
