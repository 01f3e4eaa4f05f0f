package shoutrrr

import (
	"regexp"
	"slices"
	"strings"

	"github.com/pushback/pushback/notify"
)

// render is the message as one text. Every text from outside is escaped for the service; lines begin with words or
// marks of ours, because much of Markdown acts at the beginning of a line alone. Links are those of our own pages.
func (s service) render(m notify.Message) string {
	lines := []string{status(m) + ": " + s.escape(m.Title)}
	for _, line := range m.SignalLines {
		lines = append(lines, "• "+s.escape(line))
	}
	if m.Action != "" {
		lines = append(lines, "→ "+s.withLinks(m.Action, m.Link))
	}
	for _, c := range m.Choices {
		lines = append(lines, "→ "+s.escape(c.When)+": "+s.command(c.Shell))
	}
	for _, f := range mostWanted(m.Fields) {
		lines = append(lines, "• "+s.escape(f.Name)+": "+s.escape(f.Value))
	}
	return fit(lines, m.Link, s.limit)
}

// plainCommand has nothing that a service acts on.
var plainCommand = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9 -]*(_[A-Za-z0-9 -]+)*$`)

// command is a command line as people type it, where it can be shown so.
func (s service) command(line string) string {
	if plainCommand.MatchString(line) {
		return line
	}
	return s.escape(line)
}

// mostWanted has who made the change and how often the rule was wrong in front: some services show little.
func mostWanted(fields []notify.Field) []notify.Field {
	rank := func(f notify.Field) int {
		if f.Name == "by" || f.Name == notify.RecordField {
			return 0
		}
		return 1
	}
	return slices.SortedStableFunc(slices.Values(fields), func(a, b notify.Field) int { return rank(a) - rank(b) })
}

// fit leaves out the last lines, and ends with the link.
func fit(lines []string, link string, limit int) string {
	end := ""
	if link != "" {
		end = "\n" + link
	}
	text := lines[0]
	for _, line := range lines[1:] {
		if len(text)+1+len(line)+len("\n…")+len(end) > limit {
			text += "\n…"
			break
		}
		text += "\n" + line
	}
	return notify.Truncate(text, limit-len(end)) + end
}

func status(m notify.Message) string {
	if m.Resolved {
		return "resolved"
	}
	return string(m.Severity)
}

// withLinks escapes a text around the links below the page of the change: the one that approves.
func (s service) withLinks(text, page string) string {
	if page == "" {
		return s.escape(text)
	}
	below := regexp.MustCompile(regexp.QuoteMeta(page) + `[A-Za-z0-9/?=&;._~%-]*`)
	var b strings.Builder
	for {
		at := below.FindStringIndex(text)
		if at == nil {
			return b.String() + s.escape(text)
		}
		b.WriteString(s.escape(text[:at[0]]) + text[at[0]:at[1]])
		text = text[at[1]:]
	}
}

var (
	active = regexp.MustCompile("[\\\\`*_\\[\\]#|~<>@&]|:\\S")
	www    = regexp.MustCompile(`(?i)(www)\.`)
)

// markdown escapes what Discord and Mattermost act on, so that it is shown as it is. A colon counts where it may belong
// to an address or an emoji. What acts at the beginning of a line alone is left, because phones show the backslashes.
func markdown(text string) string {
	text = strings.ReplaceAll(www.ReplaceAllString(text, "$1\x00"), "://", "\x01")
	text = active.ReplaceAllStringFunc(text, func(s string) string {
		if s[0] == ':' && len(s) > 1 {
			return `\:` + active.ReplaceAllString(s[1:], `\$0`)
		}
		return `\` + s
	})
	return strings.NewReplacer("\x00", `\.`, "\x01", `\:\/\/`).Replace(text)
}

var (
	// bareDomain is a name that chats make a link of without a scheme.
	bareDomain = regexp.MustCompile(`(\pL)\.(\pL)`)
	lookalikes = strings.NewReplacer("@", "＠", "://", "：//", "#", "＃", "mailto:", "mailto：", "tel:", "tel：")
	// commandLike is what Telegram takes for a command of a bot.
	commandLike = regexp.MustCompile(`(^|[^\pL\pN])/(\pL)`)
)

// unlinked replaces what services that render no markup still make links and mentions of, by characters that look
// alike.
func unlinked(text string) string {
	text = lookalikes.Replace(text)
	text = bareDomain.ReplaceAllString(bareDomain.ReplaceAllString(text, "$1․$2"), "$1․$2")
	return commandLike.ReplaceAllString(text, "$1∕$2")
}

var alikeMarks = strings.NewReplacer("[", "［", "]", "］", "*", "∗", "`", "ˋ", "~", "∼", "_", "＿", "\\", "＼", "|", "｜", ":", "：", "<", "‹", ">", "›", "&", "＆", "$", "＄")

// alike is unlinked for a service that renders markup and knows no escapes.
func alike(text string) string { return unlinked(alikeMarks.Replace(text)) }
