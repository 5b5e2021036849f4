"""The scripts that make the shells ask `lf __complete`.

Each hands on the words up to the cursor and takes lines back. A candidate that ends in `/`,
`=`, `:` or `,` is to be continued: no space follows it.
"""

BASH = r"""# Completion of lf for bash. In ~/.bashrc:  source <(lf completion bash)
_lf_complete() {
    local IFS=$'\n' i word current head glued="" words=()
    # bash breaks words at = and : as well: put them together again
    for ((i = 1; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if ((${#words[@]})) && [[ $glued || $word == [=:]* ]]; then
            words[${#words[@]}-1]+=$word
        else
            words+=("$word")
        fi
        if [[ $word == [=:]* ]]; then glued=1; else glued=""; fi
    done
    current=${words[${#words[@]}-1]}
    COMPREPLY=($("${COMP_WORDS[0]}" __complete "${words[@]}" 2>/dev/null))
    if [[ $COMP_WORDBREAKS == *[=:]* && $current == *[=:]* ]]; then
        head=${current%"${current##*[=:]}"}
        COMPREPLY=("${COMPREPLY[@]#"$head"}")
    fi
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[/=:,] ]]; then
        compopt -o nospace 2>/dev/null
    fi
    return 0
}
complete -F _lf_complete lf ledgerflux
"""
ZSH = r"""#compdef lf ledgerflux
# Completion of lf for zsh. In ~/.zshrc:  source <(lf completion zsh)
_lf() {
    local -a found
    found=("${(@f)$("${words[1]}" __complete "${(@)words[2,CURRENT-1]}" "$PREFIX" 2>/dev/null)}")
    found=(${found:#})
    (( ${#found} )) || return 1
    compadd -S '' -- ${(M)found:#*[/=:,]}
    compadd -- ${found:#*[/=:,]}
}
if [[ ${funcstack[1]} == _lf ]]; then
    _lf "$@"
else
    (( ${+functions[compdef]} )) || { autoload -Uz compinit && compinit }
    compdef _lf lf ledgerflux
fi
"""
FISH = r"""# Completion of lf for fish. In ~/.config/fish/config.fish:  lf completion fish | source
function __lf_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    $words[1] __complete $words[2..-1] "$current" 2>/dev/null
end
complete -c lf -f -a '(__lf_complete)'
complete -c ledgerflux -f -a '(__lf_complete)'
"""
SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}
