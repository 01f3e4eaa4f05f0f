package rules

import "github.com/pushback/pushback/internal/strictyaml"

// The codes of what can be wrong with a rule beyond its YAML. Each has a page
// in docs/diagnostics.
const (
	codeUnreadable     = "unreadable-file"
	codeNoRules        = "no-rules"
	codeOneRule        = "one-rule"
	codeDuplicateRule  = "duplicate-rule"
	codeDuplicateName  = "duplicate-signal"
	codeBadName        = "bad-name"
	codeUnknownWord    = "unknown-word"
	codeBadGlob        = "bad-glob"
	codeBadPromQL      = "bad-promql"
	codeBadSelector    = "bad-selector"
	codeVariable       = "unknown-variable"
	codeSignalForm     = "signal-form"
	codeAmountUnit     = "amount-unit"
	codeWidening       = "widening"
	codeOutOfRange     = "out-of-range"
	codeUnknownHook    = "unknown-hook"
	CodeBoundHook      = "bound-hook" // also told of by `pushback config check`
	codeUnknownTell    = "unknown-receiver"
	codeUnknownStore   = "unknown-store"
	codeStoreLanguage  = "store-language"
	codeBadQuery       = "bad-query"
	codeBadCondition   = "bad-condition"
	codeResponse       = "response-form"
	codeUnsafeRollback = "unsafe-rollback"
	codeBadOverride    = "bad-override"
	codeRefusedByStore = "refused-by-store"
	codeUnknownLibrary = "unknown-library"

	codeUnknownConvention = "unknown-convention"

	codeBadExtends    = "bad-extends"
	codeUnknownFreeze = "unknown-window"
	codeTooLarge      = "too-large"

	codeDuplicateDefaults = "duplicate-defaults"
	codeSecretInFile      = "secret-in-file" // also of pushback.yml
	codeNobody            = "nobody"

	// CodeNoDefaultReceiver is also a mistake in pushback.yml, where it is to be mended.
	CodeNoDefaultReceiver = "no-default-receiver"
)

// Codes are all codes that a diagnostic may have.
func Codes() []string {
	return append(strictyaml.Codes(),
		codeUnreadable, codeNoRules, codeOneRule, codeDuplicateRule, codeDuplicateName, codeBadName, codeUnknownWord,
		codeBadGlob, codeBadPromQL, codeBadSelector, codeVariable, codeSignalForm, codeAmountUnit, codeWidening,
		codeOutOfRange, codeUnknownHook, CodeBoundHook, codeUnknownTell, codeUnknownStore, codeStoreLanguage, codeBadQuery, codeBadCondition,
		codeResponse, codeUnsafeRollback, codeBadOverride, codeRefusedByStore, codeUnknownLibrary, codeUnknownConvention, codeBadExtends,
		codeUnknownFreeze, codeTooLarge, codeDuplicateDefaults, codeSecretInFile, codeNobody, CodeNoDefaultReceiver)
}
