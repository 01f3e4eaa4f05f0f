package email

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	htmltemplate "html/template"
	"net/mail"
	"regexp"
	"strings"
	texttemplate "text/template"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/pushback/pushback/internal/secret"
	"github.com/pushback/pushback/notify"
)

//go:embed mail.html mail.txt
var templates embed.FS

var (
	htmlTemplate = htmltemplate.Must(htmltemplate.ParseFS(templates, "mail.html"))
	textTemplate = texttemplate.Must(texttemplate.ParseFS(templates, "mail.txt"))
)

const (
	pictureID  = "plot"
	maxSubject = 200
)

// view is what both parts of a mail show. Its texts are broken up, its links are addresses of pages.
type view struct {
	notify.Message
	Status, Colour    string
	Approval, Runbook string
	Picture           htmltemplate.URL // "": none
	When              string
}

// compose makes the mail. The same message has the same Message-ID at every attempt, by which servers and mail
// programs recognise a second one; all of a thread refer to one id that stands for the thread.
func (s *Sender) compose(m notify.Message, png []byte) (*gomail.Msg, error) {
	m = m.Truncated()
	v := newView(m)
	out := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	out.SetAddrHeaderFromMailAddress(gomail.HeaderFrom, s.from)
	out.ToMailAddress(s.to...)
	out.Subject(subject(v))
	out.SetDateWithValue(m.At)
	whole, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	out.SetMessageIDWithValue(s.id(whole))
	root := s.id([]byte("thread " + m.Key))
	out.SetGenHeaderPreformatted(gomail.HeaderInReplyTo, "<"+root+">")
	out.SetGenHeaderPreformatted(gomail.HeaderReferences, "<"+root+">")
	out.SetGenHeader("Auto-Submitted", "auto-generated")
	out.SetGenHeader("X-Auto-Response-Suppress", "All")
	if m.Severity == notify.Critical && !m.Resolved {
		out.SetGenHeader(gomail.HeaderImportance, "high")
	}
	return out, addBody(out, v, png)
}

func addBody(out *gomail.Msg, v view, png []byte) error {
	var text, html bytes.Buffer
	if err := textTemplate.Execute(&text, v); err != nil {
		return err
	}
	if len(png) > 0 {
		v.Picture = "cid:" + pictureID
	}
	if err := htmlTemplate.Execute(&html, v); err != nil {
		return err
	}
	out.SetBodyString(gomail.TypeTextPlain, text.String())
	out.AddAlternativeString(gomail.TypeTextHTML, html.String())
	if len(png) == 0 {
		return nil
	}
	return out.EmbedReader("plot.png", bytes.NewReader(png), gomail.WithFileContentID("<"+pictureID+">"), gomail.WithFileContentType("image/png"))
}

// id is a message id under the domain of the sender.
func (s *Sender) id(of []byte) string {
	sum := sha256.Sum256(of)
	return hex.EncodeToString(sum[:16]) + ".pushback@" + domain(s.from)
}

func domain(a *mail.Address) string { return a.Address[strings.LastIndexByte(a.Address, '@')+1:] }

// subject is one line in which nothing is an encoded word of somebody else.
func subject(v view) string {
	return notify.Truncate("["+v.Status+"] "+strings.ReplaceAll(v.Title, "=?", "= ?"), maxSubject)
}

func newView(m notify.Message) view {
	page := m.Link
	v := view{Status: string(m.Severity), Colour: colours[m.Severity], Approval: approval(m), Runbook: notify.WebLink(m.FieldValues()["runbook"]), When: m.At.UTC().Format(time.RFC1123)}
	if m.Resolved {
		v.Status, v.Colour = "resolved", "#1a7f37"
	}
	if len(m.Sections) > 0 {
		v.Status = "digest"
	}
	v.Message = unlinked(m.Plain(), page)
	return v
}

var colours = map[notify.Severity]string{notify.Critical: "#b3261e", notify.Error: "#b3261e", notify.Warning: "#8a5300", notify.Info: "#3a4a5e"}

// approval is the link in the action that is below the page of the change, "" if there is none.
func approval(m notify.Message) string {
	if m.Link == "" || len(secret.LinkTokens(m.Action)) == 0 {
		return ""
	}
	return notify.WebLink(regexp.MustCompile(regexp.QuoteMeta(m.Link) + `/approve\?[A-Za-z0-9/?=&;._~%-]*`).FindString(m.Action))
}

// linkish is what mail programs make links of by themselves.
var linkish = regexp.MustCompile(`(?i)://|www\.|(mailto|javascript):|\b(tel|data):`)

// unlink breaks up what mail programs would make a link of, except the pages below ours.
func unlink(text, page string) string {
	if page == "" {
		return broken(text)
	}
	parts := strings.Split(text, page)
	for i := range parts {
		parts[i] = broken(parts[i])
	}
	return strings.Join(parts, page)
}

func broken(text string) string {
	return linkish.ReplaceAllStringFunc(text, func(s string) string { return strings.NewReplacer(":", "：", ".", "․").Replace(s) })
}

// unlinked is the message without links in its texts, except those to our own pages.
func unlinked(m notify.Message, page string) notify.Message {
	m.Title, m.Action = unlink(m.Title, ""), unlink(m.Action, page)
	for i, line := range m.SignalLines {
		m.SignalLines[i] = unlink(line, "")
	}
	fields := m.Fields[:0:0]
	for _, f := range m.Fields {
		if f.Name != "runbook" || notify.WebLink(f.Value) == "" {
			fields = append(fields, notify.Field{Name: unlink(f.Name, ""), Value: unlink(f.Value, "")})
		}
	}
	m.Fields = fields
	for i, c := range m.Choices {
		m.Choices[i].When, m.Choices[i].Shell = unlink(c.When, ""), unlink(c.Shell, "")
	}
	for i, s := range m.Sections {
		m.Sections[i].Title = unlink(s.Title, "")
		for j, item := range s.Items {
			m.Sections[i].Items[j].Text = unlink(item.Text, "")
		}
	}
	return m
}

// Names are the people whom the message concerns.
func (v view) Names() string {
	var names []string
	for _, p := range v.People {
		names = append(names, unlink(p.Name, ""))
	}
	return strings.Join(names, ", ")
}

// Left says how many items of a section are left out.
func (view) Left(n int) string { return fmt.Sprintf("… and %d more", n) }
