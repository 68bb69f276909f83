"""Words, names and numbers that recur in every published ranking of passwords.

The list was collected by hand for this project. Most passwords are such a word with digits or signs after
it, so a short list of words and the rule that counts them refuse more passwords than a long list of whole
passwords.
"""

from __future__ import annotations

RUNS = (
    "0123456789",
    "1234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "azertyuiop",
    "!@#$%^&*()",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik",
    "qazwsxedcrfvtgbyhnujm",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
    "147258369",
    "159753",
    "321654987",
)

WORDS = """
password passwort passwd passw pass passwords passcode passphrase pwd secret secrets geheim letmein
login logon signin welcome welcom hello hallo hola bonjour test tests testing tester temp temporary
default changeme change example sample admin admins administrator administrateur root toor sysadmin
superuser super supervisor user users username guest master manager staff service server system
database oracle mysql postgres redis linux windows ubuntu debian apache computer internet network
security secure access account control internal private public office company business enterprise
support helpdesk backup monitor printer scanner router cisco huawei xiaomi samsung apple google
facebook twitter amazon alibaba taobao tmall alipay wechat weixin tencent baidu douyin jingdong
microsoft android iphone qwerty qwert qwertz azerty asdf asdfg asdfgh asdfghjkl zxcv zxcvb zxcvbn
qazwsx wsxedc abc abcd abcdef abcabc aabbcc xyz xxx xxxx aaa zzz monkey dragon tiger lion bear eagle
falcon hawk wolf shark panda rabbit horse kitty puppy doggie dog cat bird fish mustang ferrari
porsche mercedes toyota honda harley corvette camaro yamaha kawasaki suzuki jaguar football soccer
baseball basketball hockey tennis golf golfer rugby cricket boxing liverpool chelsea arsenal
barcelona barca madrid juventus manchester united yankees lakers cowboys eagles steelers superman
batman spiderman ironman pokemon pikachu mickey snoopy garfield starwars jedi matrix gandalf hobbit
frodo pirate ninja samurai warrior hunter killer ranger soldier phantom shadow ghost demon devil
angel angels heaven sunshine sunday monday tuesday wednesday thursday friday saturday spring summer
autumn winter january february march april june july august september october november december love
loves lover lovely loveyou iloveyou ilove iloveu sweet sweety sweetheart honey baby babygirl babyboy
darling princess prince queen king kings lady girl girls boys friend friends family mother father
mommy daddy brother sister happy smile lucky magic dream dreams freedom peace forever always million
money dollar gold golden silver diamond crystal jasmine flower flowers rose roses daisy lily orchid
cherry apples banana orange lemon melon peach strawberry chocolate cookie cookies coffee pepper
ginger butter cheese pizza burger sugar candy michael michelle jessica jennifer jordan joshua daniel
david andrew thomas robert william james john joseph matthew anthony christopher nicole ashley
amanda samantha elizabeth maria anna sarah rachel laura lauren hannah taylor charlie george harry
henry jack oliver oscar max rocky buddy maggie molly bailey buster tigger simba maverick cooper
austin dakota phoenix merlin arthur martin steven kevin brandon justin ryan brian eric alexander
alex natasha sergey vladimir dmitri ivan olga svetlana whatever nothing something trustno nopassword
mypassword mypass myself superstar rockstar blink metallica nirvana beatles slipknot eminem guitar
music dance dancer player players gamer games playboy america american canada france germany
deutschland england london paris berlin mexico brasil brazil china chinese beijing peking shanghai
shenyang shenzhen guangzhou hangzhou nanjing tianjin chongqing chengdu wuhan liaoning dalian jilin
harbin xian suzhou qingdao hongkong taiwan taipei macau japan tokyo korea seoul india russia moscow
mima mimaa woaini woaini1314 woainima wobuaini woshishui woshi nihao nimen women aini aini1314
qingqing tiantian zhongguo zhonghua renmin beijing2008 dashabi wodemima buzhidao wangji mimamima
xiaoxiao xiaoming xiaobai xiaohong wangwei wangfang liwei zhangwei lina zhangmin lijing wangjing
lilei hanmeimei laopo laogong baobao baobei guanli guanliyuan yuangong dianzhang shangdian mendian
caiwu kefu 520 521 1314 520520 521521 5201314 1314520 5211314 7758521 7758258 584520 5845201314
110110 112233 123123 123321 121212 131313 147147 159357 159753 168168 518518 520131 987654 654321
666666 888888 999999 88888888 123456 1234567 12345678 123456789 1234567890 123qwe qwe123 123abc
abc123 a123456 aa123456 q123456 woaini520 asd123 zxc123 1qaz2wsx 1q2w3e4r 1q2w3e qweasd qweasdzxc
asdzxc pa55word p4ssword passw0rd p455w0rd adm1n 007 911 420 777 666 888 999 123 321 404 shop store
market retail cashier till pos sales order orders stock warehouse headquarters finance merchant
quintet demo
"""
