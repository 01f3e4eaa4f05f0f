#compdef pushback
# Completion of pushback for zsh. Install it as _pushback in a folder of $fpath, such as
# /usr/share/zsh/vendor-completions, or write into ~/.zshrc after compinit:
#   source <(pushback completion zsh)
_pushback() {
    local value text files
    local -a names texts
    while IFS=$'\t' read -r value text; do
        if [[ $value == :files ]]; then
            files=yes
            continue
        fi
        names+=("$value")
        texts+=("$value${text:+  -- $text}")
    done < <(command "${(Q)words[1]}" __complete -- "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)
    (( ${#names} )) && compadd -l -d texts -a names
    if [[ -n $files ]]; then
        compset -P '*='
        _files
    fi
}
if [[ $funcstack[1] == _pushback ]]; then
    _pushback "$@"
else
    compdef _pushback pushback
fi
