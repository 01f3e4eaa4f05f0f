package secret

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Finding is a secret that is written where it does not belong.
type Finding struct {
	What string // "a password", for people
	Hint string // where it belongs
}

// hintFile is where most secrets belong.
const hintFile = "write it into a file that only Pushback can read, and name the file: a key that ends in _file, or http_headers: {NAME: {files: [...]}}"

// keyNames are the keys whose values are secrets. Dashes are written as _ here; a key that
// ends in _ and one of these words is meant too.
var keyNames = []string{
	"password", "passwd", "passphrase", "pwd", "secret", "secrets", "token", "tokens", "api_key", "apikey", "credential", "credentials",
	"client_certificate_key", "private_key", "secret_key", "access_key", "access_key_id", "authorization", "cookie", "set_cookie",
	"x_api_key", "auth_key", "routing_key", "integration_key", "service_key", "signing_key", "session_key", "connection_string", "dsn",
}

// Key says whether the value of a key, a header, a parameter or a variable is a secret by its name.
func Key(name string) bool {
	name = strings.ReplaceAll(strings.ToLower(strings.TrimLeft(name, "-")), "-", "_")
	return slices.ContainsFunc(keyNames, func(each string) bool { return name == each || strings.HasSuffix(name, "_"+each) })
}

// Inline finds a secret in the value of a key: by the key's name, or in the value itself.
func Inline(key, value string) (Finding, bool) {
	if Key(key) && strings.TrimSpace(value) != "" {
		return Finding{What: fmt.Sprintf("the secret %s", key), Hint: hintFile}, true
	}
	return InText(value)
}

// form is a way in which a text holds a secret. The secret is its last group.
type form struct {
	what, hint string
	pattern    *regexp.Regexp
	digits     bool     // without a digit it is prose
	needs      []string // one of these is in every text that matches, in lower case
}

// possible says cheaply, given the text in lower case, whether it may match: rules are many,
// and hardly any has one of these words.
func (f form) possible(lower string) bool {
	return slices.ContainsFunc(f.needs, func(word string) bool { return strings.Contains(lower, word) })
}

// match returns the secret in the first place of a text that has the form, "" for none.
func (f form) match(text string) string {
	m := f.pattern.FindStringSubmatch(text)
	if m == nil || f.digits && !strings.ContainsAny(m[len(m)-1], "0123456789") {
		return ""
	}
	return m[len(m)-1]
}

func newForm(what, hint, pattern string, needs ...string) form {
	return form{what: what, hint: hint, pattern: regexp.MustCompile(pattern), needs: needs}
}

// forms are tried in order. What they match is never shown.
var forms = []form{
	newForm("a private key", hintFile, `(-----BEGIN [A-Z ]*PRIVATE KEY[^\x00]*)`, "private key"),
	newForm("the URL of a chat's webhook, which lets anybody post,", "name a file with the URL as url_file",
		`(?i)https?://(?:hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/|(?:\w+\.)?discord(?:app)?\.com/api/(?:v\d+/)?webhooks/|[\w.-]+\.webhook\.office\.com/webhookb2/|`+
			`outlook\.office(?:365)?\.com/webhook/|[\w.-]+\.logic\.azure\.com[:/]|chat\.googleapis\.com/v1/spaces/|api\.telegram\.org/bot|`+
			`events\.pagerduty\.com/(?:x-ere|integration)/|hooks\.zapier\.com/|open\.feishu\.cn/open-apis/bot/|oapi\.dingtalk\.com/robot/|qyapi\.weixin\.qq\.com/cgi-bin/webhook/)(\S*)`, "://"),
	newForm("the URL of a chat's webhook, which lets anybody post,", "name a file with the URL as url_file", `https?://[\w.-]+(?::\d+)?/hooks/([a-z0-9]{26})\b`, "/hooks/"),
	newForm("a user or password in a URL", "leave it out of the URL, and name a file with it: http: {basic_auth: {username: ..., password_file: ...}}, or store: {url_file: ...}",
		`(?i)\bhttps?://([^\s/?#@"'<>]+)@`, "@"),
	newForm("a password in a URL", "leave it out of the URL, and name a file with it, such as store: {url_file: ...}", `(?i)\b[a-z][a-z0-9+.-]*://[^\s/?#@:"'<>]*:([^\s/?#@"'<>]+)@`, "@"),
	newForm("a secret in the query of a URL", "send it as a header: http: {http_headers: {NAME: {files: [...]}}}",
		`(?i)[?&;](?:[a-z0-9_-]*(?:token|secret|passw(?:or)?d|api[_-]?key|signature|credential)|pwd|sig|auth|authorization)=([^&\s"'<>]+)`, "?", "&", ";"),
	newForm("a secret in the query of a URL", "send it as a header: http: {http_headers: {NAME: {files: [...]}}}", `(?i)[?&;](?:key|code|hash)=([^&\s"'<>]{16,})`, "?", "&", ";"),
	newForm("credentials", hintFile, `(?i)\b(?:proxy-)?(?:authorization|x-api-key|x-auth-token|private-token)["']?\s*:\s*["']?((?:bearer|basic|token|digest)\s+[^\s"']+|[^\s"'$\[{]{12,})`, "authorization", "api-key", "auth-token", "private-token"),
	newForm("a cookie", hintFile, `(?i)\bcookie["']?\s*:\s*["']?([^\s"'=]+=[^\s"']+)`, "cookie"),
	{what: "credentials", hint: hintFile, digits: true, needs: []string{"bearer", "basic", "token"}, pattern: regexp.MustCompile(`(?i)\b(?:bearer|basic|token)\s+([A-Za-z0-9+/_.~-]{16,}=*)`)},
	newForm("a token", hintFile, `\b(gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|xox[abeprs]-[\w-]{10,}|xapp-[\w-]{10,}|gl(?:sa|pat|dt|ft)[_-][\w-]{16,}|A(?:KIA|SIA)[0-9A-Z]{16}|AIza[\w-]{35}|`+
		`[sr]k_live_\w{16,}|whsec_[A-Za-z0-9+/=]{16,}|eyJ[\w-]{10,}\.eyJ[\w-]+\.[\w-]*|hv[sb]\.[\w-]{20,}|dop_v1_\w{20,}|npm_\w{30,}|pypi-[\w-]{20,}|ya29\.[\w-]{20,}|SG\.[\w-]{16,}\.[\w-]{16,}|tk_[a-z0-9]{29})`,
		"ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "xox", "xapp-", "glsa", "glpat", "gldt", "glft", "akia", "asia", "aiza", "k_live_", "whsec_", "eyj", "hvs.", "hvb.", "dop_v1_", "npm_", "pypi-", "ya29.", "sg.", "tk_"),
}

// assignments are found in the settings of programs, where a rule's query would be taken for
// one: key=value of a connection, of a shell, and of a flag.
var assignments = []form{
	newForm("a password of curl", "let the program read it from a file, as curl does with --netrc-file", `(?:^|\s)(?:-u|--user|--proxy-user)[\s=]+["']?[^\s:"'$]+:([^\s"'$]+)`, "-u", "-user"),
	newForm("a user and password", hintFile, `(?:^|[\s"'])[\w.-]+:([^\s/@:"']+)@[\w-]+(?:\.[\w.-]+)?(?::\d{1,5})?(?:$|[/\s"'])`, "@"),
	newForm("a secret in a header", hintFile, `(?i)(?:^|[\s"'])[a-z0-9-]*(?:token|secret|api-?key|password)\s*:\s+([^\s"'$\[{]{8,})`, ":"),
	newForm("a password", hintFile, `(?i)(?:^|\s)password=([^\s$"'<]+)`, "password="),
	newForm("a secret in a variable", "let the program read it from a file", `\b(?:[A-Z0-9]+_)*(?:TOKEN|PASSWORD|PASSWD|PGPASSWORD|SECRET|API_KEY|APIKEY|ACCESS_KEY)=["']?([^\s$"'<>]+)`, "="),
	newForm("a secret in a flag, which every user of the host can read", "let the program read it from a file", `(?i)(?:^|[\s"'\[,])--?[a-z0-9-]*(?:password|passwd|token|secret|api-?key|credentials?)=([^$\s"',\]][^\s"',\]]*)`, "-"),
}

// InText finds a secret in a text whatever its key, as in a rule.
func InText(text string) (Finding, bool) { return find(text, forms) }

// InSetting is InText for the settings of operators, which also start programs.
func InSetting(text string) (Finding, bool) {
	if f, found := InText(text); found {
		return f, true
	}
	return find(text, assignments)
}

func find(text string, among []form) (Finding, bool) {
	lower := strings.ToLower(text)
	for _, f := range among {
		if f.possible(lower) && f.match(text) != "" {
			return Finding{f.what, f.hint}, true
		}
	}
	return Finding{}, false
}

// Flag says whether an argument is a flag whose value, the next argument, is a secret.
func Flag(argument string) bool {
	return strings.HasPrefix(argument, "-") && !strings.Contains(argument, "=") && Key(argument)
}

// pair is a key and its value in a line of YAML or JSON.
var pair = regexp.MustCompile(`(["']?)([A-Za-z0-9_.-]+)["']?(\s*:\s*)("(?:[^"\\]|\\.)*"?|'[^']*'?|[^\s,{}\[\]#'"][^,}\]#]*)`)

// Hide returns a source line for people without the secrets in it.
func Hide(line string) string {
	line = pair.ReplaceAllStringFunc(line, func(found string) string {
		m := pair.FindStringSubmatch(found)
		if !Key(m[2]) {
			return found
		}
		return strings.TrimSuffix(found, m[4]) + Mark
	})
	lower := strings.ToLower(line)
	for _, f := range slices.Concat(forms, assignments) {
		if !f.possible(lower) {
			continue
		}
		line = f.pattern.ReplaceAllStringFunc(line, func(found string) string {
			if held := f.match(found); held != "" {
				return strings.Replace(found, held, Mark, 1)
			}
			return found
		})
	}
	return line
}

// Mistaken says whether a text that should be the name of a file may be the secret itself,
// which people write there by mistake.
func Mistaken(name string) bool {
	if _, found := InText(name); found || strings.Contains(name, ":/") { // a path that was cleaned has one slash less
		return true
	}
	return len(name) >= MinBytes && strings.ContainsAny(name, "0123456789") && !strings.ContainsAny(name, "/.")
}
