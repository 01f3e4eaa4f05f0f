// Package secret says what a secret is and keeps it out of sight. It is the one table of
// these questions for the configuration, the rules, every adapter and every answer:
//
//	Check     is a text strong enough to let somebody in, or to sign an order
//	Inline    does a key with its value hold a secret that belongs in a file
//	InText    does a text hold a secret, whatever its key
//	Redact    a text without given secrets
//	BlotLinks a text without the tokens of approval links
//	Text      a secret that prints as [secret]
//
// The package is pure: package secretfile reads the files.
package secret
