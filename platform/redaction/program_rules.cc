#include "platform/redaction/program_rules.h"

#include <array>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "platform/redaction/word_set.h"

namespace rollcall {
namespace {

constexpr auto kPrograms = std::to_array<ProgramRules>({
    // Databases.
    {.names = "mysql mysql_* mysqladmin mysqldump mysqlimport mysqlshow mysqlcheck mysqlpump mysqlslap mysqlbinlog "
              "mysqlsh mariadb mariadb-* mytop innotop xtrabackup mariabackup mydumper myloader",
     .attached_letters = "p",
     .value_letters = "uhPSDe",
     .attached_options = "password pass",
     .positions = "password 1"},
    {.names = "redis-cli valkey-cli keydb-cli redis-benchmark",
     .secret_letters = "a",
     .value_letters = "hpnsu",
     .positions = "AUTH $;auth $;CONFIG SET requirepass 3;config set requirepass 3;CONFIG SET masterauth 3;config set "
                  "masterauth 3;ACL SETUSER * 3;ACL SETUSER * * 4;acl setuser * 3;acl setuser * * 4"},
    {.names = "db2", .positions = "connect to * user * using 6"},
    {.names = "hdbsql", .secret_letters = "p", .value_letters = "inudU"},
    {.names = "beeline", .secret_letters = "p", .value_letters = "uned"},
    {.names = "mongo mongosh mongod mongodump mongorestore mongoexport mongoimport mongostat mongotop mongofiles",
     .secret_letters = "p",
     .value_letters = "uhdc"},
    {.names = "psql pg_* pgbench createdb dropdb createuser vacuumdb reindexdb pgcli", .value_letters = "hpUdfcv"},
    {.names = "sqlplus sqlldr exp imp expdp impdp sqlcl", .positions = "0", .pair_separator = '/'},
    {.names = "rman",
     .pair_options = "target catalog auxiliary",
     .positions = "target 1;catalog 1",
     .pair_separator = '/'},
    {.names = "sqlcmd bcp osql tsql", .secret_letters = "P", .value_letters = "SUdQiH"},
    {.names = "isql iusql", .positions = "* * 2"},
    {.names = "cqlsh nodetool", .secret_letters = "p", .value_letters = "uhk", .secret_options = "pw"},
    {.names = "cypher-shell neo4j-admin",
     .secret_letters = "p",
     .value_letters = "ua",
     .positions = "set-initial-password 1;dbms set-initial-password 2"},
    {.names = "elasticsearch-users add-user add-user.sh", .secret_letters = "p", .value_letters = "rug"},
    {.names = "etcdctl", .value_letters = "w", .pair_options = "user", .positions = "user add 2"},
    // Web and file transfer.
    {.names = "curl curlie",
     .pair_letters = "uUE",
     .value_letters = "AbcCdDeFhHKmoPQrtTwxXyYz",
     .secret_options = "pass proxy-pass oauth2-bearer",
     .pair_options = "user proxy-user cert",
     .cookie_options = "cookie b"},
    {.names = "http https xh httpie", .pair_letters = "a", .pair_options = "auth"},
    {.names = "ab hey siege", .pair_letters = "AP", .value_letters = "cntTdmozqH", .cookie_options = "C"},
    {.names = "lftp", .pair_letters = "u", .value_letters = "ecfp", .pair_options = "user", .pair_separator = ','},
    {.names = "ncftp ncftpget ncftpput", .secret_letters = "p", .value_letters = "uP"},
    {.names = "smbclient rpcclient smbget smbcacls winexe",
     .pair_letters = "U",
     .value_letters = "WnIpDc",
     .pair_options = "user",
     .positions = "//* 1",
     .pair_separator = '%'},
    {.names = "net",
     .pair_letters = "U",
     .value_letters = "WnISp",
     .pair_options = "user",
     .positions = "user * 2;use * 2;use * * 3;USER * 2;USE * 2;USE * * 3",
     .pair_separator = '%'},
    {.names = "rclone", .secret_options = "rc-pass", .positions = "obscure 1", .key_positionals = true},
    {.names = "mc", .positions = "alias set * * * 5;config host add * * * 6"},
    {.names = "ssh autossh mosh", .value_letters = "bcDEeFIiJLlmOopQRSWwBP", .wrapper = true},
    {.names = "plink pscp psftp putty", .value_letters = "Pli", .secret_options = "pw", .clusters = false},
    {.names = "sshpass", .secret_letters = "p", .value_letters = "dfP", .wrapper = true},
    // Containers and clusters.
    {.names = "docker podman nerdctl buildah helm oras crane regctl ctr",
     .secret_letters = "p",
     .value_letters = "uhevwlmacn",
     .pair_options = "creds src-creds dest-creds",
     .subcommand = "login",
     .wrapper = true},
    {.names = "skopeo",
     .secret_letters = "p",
     .value_letters = "u",
     .pair_options = "creds src-creds dest-creds screds dcreds",
     .subcommand = "login"},
    {.names = "oc", .secret_letters = "p", .value_letters = "un", .subcommand = "login"},
    {.names = "kubectl k3s microk8s",
     .value_letters = "ncflo",
     .pair_options = "from-literal",
     .pair_separator = '=',
     .wrapper = true},
    {.names = "kubeadm", .secret_options = "certificate-key"},
    {.names = "consul nomad serf", .secret_options = "encrypt", .clusters = false},
    // Clouds and forges.
    {.names = "gitlab-runner", .secret_letters = "r", .value_letters = "ucn"},
    {.names = "pulumi", .attached_options = "secret"},
    {.names = "gh", .positions = "secret set * 3"},
    {.names = "cargo", .positions = "login 1"},
    {.names = "snyk", .positions = "auth 1"},
    {.names = "ngrok", .positions = "authtoken 1;config add-authtoken 2"},
    {.names = "poetry", .positions = "config http-basic* * 3;config pypi-token* 2"},
    {.names = "pm2", .positions = "link 1"},
    {.names = "php", .secret_options = "key"},
    {.names = "govc", .pair_options = "u", .clusters = false},
    {.names = "bw bitwarden", .positions = "login * 2;unlock 1"},
    {.names = "zerotier-cli", .secret_letters = "T", .value_letters = "pD"},
    {.names = "netbird", .secret_letters = "k", .secret_options = "setup-key"},
    {.names = "az", .secret_letters = "p", .value_letters = "ugn", .subcommand = "login"},
    {.names = "cf ibmcloud",
     .secret_letters = "p",
     .value_letters = "uao",
     .subcommand = "login",
     .positions = "auth * 2"},
    {.names = "doctl", .secret_letters = "t"},
    {.names = "twine", .secret_letters = "p", .value_letters = "ur"},
    {.names = "nuget dotnet", .secret_letters = "k", .value_letters = "s", .subcommand = "push"},
    {.names = "npm yarn pnpm", .secret_options = "_auth"},
    {.names = "composer",
     .positions = "config http-basic* * 3;config bitbucket-oauth* * 3;config github-oauth* 2;config "
                  "gitlab-oauth* 2;config gitlab-token* 2"},
    {.names = "vault bao",
     .positions = "login 1;unseal 1;operator unseal 2;unwrap 1;token lookup 2;token revoke 2;token renew 2",
     .assignments_after = "kv put;kv patch"},
    {.names = "jenkins-cli", .pair_options = "auth"},
    // Certificates, archives and keys.
    {.names = "openssl", .secret_options = "k K hmac macopt", .positions = "passwd $", .clusters = false},
    {.names = "7z 7za 7zr 7zz", .attached_letters = "p", .clusters = false},
    {.names = "rar unrar", .attached_letters = "p"},
    {.names = "zip unzip zipcloak", .secret_letters = "P"},
    {.names = "pdftk", .key_positionals = true},
    {.names = "cryptsetup", .value_letters = "dchs", .reads_secret = true},
    {.names = "wpa_passphrase", .positions = "* 1"},
    {.names = "iwconfig", .positions = "* key 2"},
    {.names = "nmcli pppd", .key_positionals = true},
    // Directories, mail, monitoring, remote control.
    {.names = "ldapsearch ldapadd ldapmodify ldapdelete ldapwhoami ldapcompare ldapmodrdn ldapexop",
     .secret_letters = "w",
     .value_letters = "DbHhpfyYUXRlsazo"},
    {.names = "ldappasswd", .secret_letters = "was", .value_letters = "DHhpyYUXRo"},
    {.names = "snmpget snmpwalk snmpbulkwalk snmpset snmptable snmpgetnext snmptrap",
     .secret_letters = "cAX",
     .value_letters = "vulaxnCrtmM"},
    {.names = "ipmitool ipmi-sensors ipmipower", .secret_letters = "P", .value_letters = "UHILp"},
    {.names = "mosquitto_pub mosquitto_sub mosquitto_rr", .secret_letters = "P", .value_letters = "utmhpi"},
    {.names = "swaks sendemail sendEmail", .secret_options = "ap xp", .clusters = false},
    {.names = "xfreerdp xfreerdp3 wlfreerdp freerdp", .secret_options = "p gp pth", .slash_options = true},
    {.names = "rdesktop", .secret_letters = "p", .value_letters = "ugd"},
    {.names = "vncpasswd", .reads_secret = true},
    {.names = "x11vnc", .secret_options = "viewpasswd", .clusters = false},
    {.names = "rabbitmqadmin", .secret_letters = "p", .value_letters = "HPuNVf"},
    {.names = "ejabberdctl prosodyctl", .positions = "register * * 3;change_password * * 3"},
    {.names = "turnserver coturn", .pair_options = "user"},
    {.names = "check_snmp", .secret_letters = "CAX", .value_letters = "HopwcULxa"},
    {.names = "check_http check_curl", .pair_letters = "ab", .value_letters = "HIpuwctesrRd"},
    {.names = "check_mysql check_mysql_query check_pgsql", .secret_letters = "p", .value_letters = "HuPdsqwcl"},
    {.names = "rabbitmqctl",
     .value_letters = "nup",
     .positions = "add_user * 2;change_password * 2;authenticate_user * 2"},
    {.names = "smbpasswd", .positions = "* 1", .reads_secret = true},
    {.names = "kinit chpasswd chgpasswd", .reads_secret = true},
    {.names = "kadmin kadmin.local", .secret_letters = "w", .value_letters = "prsc", .wrapper = true},
    {.names = "addprinc ank cpw", .secret_options = "pw", .clusters = false},
    {.names = "ssh-keygen", .secret_letters = "NP", .value_letters = "tbfCIVOsznFRDEw"},
    {.names = "slappasswd", .secret_letters = "s", .value_letters = "hcoT"},
    {.names = "samba-tool", .positions = "user create * 3;user add * 3"},
    {.names = "ipa-client-install", .secret_letters = "w", .value_letters = "p"},
    {.names = "ipa-server-install", .secret_letters = "ap", .value_letters = "rn"},
    {.names = "grafana-cli grafana", .positions = "admin reset-admin-password 2;cli admin reset-admin-password 3"},
    {.names = "hydra medusa ncrack psexec", .secret_letters = "p", .value_letters = "lLPsu"},
    // Accounts.
    {.names = "useradd usermod groupadd groupmod", .secret_letters = "p", .value_letters = "bcdefgGkKRsuPZ"},
    {.names = "htpasswd mosquitto_passwd", .value_letters = "C", .positions = "$", .positions_letter = 'b'},
    {.names = "passwd", .reads_secret = true, .text_tool = true},
    // Settings whose name is followed by a blank and the secret.
    {.names = "requirepass masterauth bindpw rootpw rocommunity rwcommunity ServerPassword", .positions = "0"},
    {.names = "ENV ARG fastcgi_param uwsgi_param SetEnv setenv", .key_positionals = true},
    // What runs something else.
    {.names = "sh bash dash zsh ksh ash mksh fish rbash csh tcsh",
     .value_letters = "oO",
     .wrapper = true,
     .shell = true},
    {.names = "su runuser", .value_letters = "sgG", .wrapper = true, .shell = true},
    {.names = "sudo doas", .value_letters = "ugphCrtUDRT", .wrapper = true},
    {.names = "env", .value_letters = "uC", .wrapper = true},
    {.names = "timeout nice ionice chrt taskset", .value_letters = "sknc", .wrapper = true},
    {.names = "nohup setsid exec command time eval builtin tini dumb-init catatonit s6-setuidgid gosu su-exec setpriv "
              "unshare nsenter systemd-run systemd-cat flock busybox toybox chroot strace ltrace gdb valgrind "
              "stdbuf unbuffer xargs parallel watch entr linux64 linux32 setarch chpst softlimit start-stop-daemon "
              "daemonize run-one cronic chronic faketime fakeroot proot xvfb-run screen tmux script then do else if "
              "while until ! {",
     .value_letters = "nIPLsdc",
     .wrapper = true},
    // What is about text or files.
    {.names = "grep egrep fgrep zgrep rg ag sed awk gawk mawk perl find locate less more vi vim nvim nano emacs man "
              "apropos pass which whereis ls cat head tail sort uniq cut tr test [ apt apt-get dpkg yum dnf rpm pacman "
              "apk systemctl journalctl make ninja git echo printf mkdir touch cp mv rm chmod chown",
     .text_tool = true},
});

// The programs by name. Made when this is built: it is looked into for every word of a line.
class ProgramIndex {
 public:
  constexpr ProgramIndex() {
    for (const ProgramRules& rules : kPrograms) {
      const absl::string_view names = rules.names;
      size_t begin = 0;
      for (size_t end = 0; end <= names.size(); ++end) {
        if (end < names.size() && names[end] != ' ') continue;
        if (end > begin) Add(names.substr(begin, end - begin), &rules);
        begin = end + 1;
      }
    }
  }

  // nullptr for none. Of two entries of a name the first counts.
  const ProgramRules* FindExact(absl::string_view name) const {
    size_t slot = HashWord(name) % kSlots;
    while (!exact_[slot].name.empty()) {
      if (exact_[slot].name == name) return exact_[slot].rules;
      slot = (slot + 1) % kSlots;
    }
    return nullptr;
  }

  const ProgramRules* FindPrefix(absl::string_view name) const {
    for (const Entry& prefix : prefixes_) {
      if (!prefix.name.empty() && absl::StartsWith(name, prefix.name)) return prefix.rules;
    }
    return nullptr;
  }

 private:
  struct Entry {
    absl::string_view name;
    const ProgramRules* rules = nullptr;
  };
  // At least twice the number of names.
  static constexpr size_t kSlots = 2048;

  constexpr void Add(absl::string_view name, const ProgramRules* rules) {
    if (name[name.size() - 1] == '*') {
      prefixes_[prefix_count_++] = {name.substr(0, name.size() - 1), rules};
      return;
    }
    size_t slot = HashWord(name) % kSlots;
    while (!exact_[slot].name.empty()) slot = (slot + 1) % kSlots;
    exact_[slot] = {name, rules};
  }

  std::array<Entry, kSlots> exact_ = {};
  std::array<Entry, 8> prefixes_ = {};
  size_t prefix_count_ = 0;
};
constexpr ProgramIndex kIndex;

}  // namespace

const ProgramRules* FindProgramRules(absl::string_view program) {
  const size_t slash = program.rfind('/');
  absl::string_view name = slash == program.npos ? program : program.substr(slash + 1);
  absl::ConsumePrefix(&name, "-");  // login shells
  absl::ConsumeSuffix(&name, ":");  // processes that retitle themselves
  absl::ConsumeSuffix(&name, ".exe");
  if (name.empty() || name.size() > 64) return nullptr;
  if (const ProgramRules* rules = kIndex.FindExact(name)) return rules;
  if (const ProgramRules* rules = kIndex.FindPrefix(name)) return rules;
  // `mysql8.0`, `bash-5.2`, `7z` as it is.
  const size_t whole = name.size();
  while (!name.empty() &&
         (absl::ascii_isdigit(static_cast<unsigned char>(name.back())) || name.back() == '.' || name.back() == '-')) {
    name.remove_suffix(1);
  }
  return name.empty() || name.size() == whole ? nullptr : kIndex.FindExact(name);
}

}  // namespace rollcall
