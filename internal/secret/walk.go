package secret

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Walk calls found for every secret in a decoded document of settings, with the path of the
// value: "metrics.prod.basic_auth.password", "hooks.back.argv[2]". It looks at all values
// alike, whichever adapter reads them, so that no adapter can forget to.
func Walk(document any, found func(path, value string, f Finding)) {
	walker{found: found}.walk("", "", document)
}

// WalkTexts is Walk for rules, whose keys are names of teams and labels: only a text that is a
// secret by its form counts.
func WalkTexts(document any, found func(path, value string, f Finding)) {
	walker{texts: true, found: found}.walk("", "", document)
}

type walker struct {
	texts bool // keys and settings of programs do not count
	found func(path, value string, f Finding)
}

// walk looks at the value of a key. The elements of a list, and the values of a header, stand
// for their key.
func (w walker) walk(path, key string, value any) {
	switch v := value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			below := name
			if Key(key) && (name == "values" || name == "value") {
				below = key
			}
			w.walk(strings.TrimPrefix(path+"."+name, "."), below, v[name])
		}
	case []any:
		for i, each := range v {
			below := key
			if i > 0 && follows(v[i-1]) {
				below = fmt.Sprint(v[i-1])
			}
			w.walk(fmt.Sprintf("%s[%d]", path, i), below, each)
		}
	case nil, bool:
	default:
		w.scalar(path, key, fmt.Sprint(v))
	}
}

// follows says whether the next argument is the value of this one.
func follows(argument any) bool {
	text, is := argument.(string)
	return is && (Flag(text) || slices.Contains(userFlags, text))
}

// userFlags are flags whose value is a user with a password, as of curl.
var userFlags = []string{"-u", "--user", "--proxy-user"}

func (w walker) scalar(path, key, value string) {
	if w.texts {
		if f, is := InText(value); is {
			w.found(path, value, f)
		}
		return
	}
	f, is := Inline(key, value)
	if !is {
		f, is = InSetting(value)
	}
	if !is && slices.Contains(userFlags, key) {
		f, is = InSetting(key + " " + value)
	}
	placeholder := Flag(key) && (strings.HasPrefix(value, "$") || strings.HasPrefix(value, "-")) // of an argument, or the next flag
	if is && !placeholder {
		w.found(path, value, f)
	}
}

// ofOthers are the keys that name a file whose secret another system has chosen, so that a
// weak one can only be warned about.
var ofOthers = []string{"password_file", "credentials_file", "bearer_token_file", "client_secret_file", "files"}

// ours are the keys that name a file whose secret must be strong, or is a key or URL.
var ours = []string{
	"token_file", "app_token_file", "secret_file", "secret_files", "routing_key_file", "url_file", "kubeconfig_file", "key_file", "client_certificate_key_file", "web_config",
}

// File is a file that holds a secret, and the path of the value that names it.
type File struct {
	Key, Path, Name string
	Others          bool // another system has chosen the secret
}

// WalkFiles calls found for every file of a decoded document of settings that holds a secret.
func WalkFiles(document any, found func(File)) { walkFiles("", "", document, found) }

func walkFiles(path, key string, value any, found func(File)) {
	switch v := value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			walkFiles(strings.TrimPrefix(path+"."+name, "."), name, v[name], found)
		}
	case []any:
		for i, each := range v {
			walkFiles(fmt.Sprintf("%s[%d]", path, i), key, each, found)
		}
	case string:
		others := slices.Contains(ofOthers, key) && (key != "files" || strings.Contains(path, "http_headers."))
		if v != "" && (others || slices.Contains(ours, key)) {
			found(File{key, path, v, others})
		}
	}
}
